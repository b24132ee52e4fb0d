"""What became of a test that another tool has run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Word = Literal["passed", "failed", "error", "skipped", "inconclusive"]

#: What the names of tests and scenarios have of each service: Tempest's folders, Rally's classes, those of our suites.
_SERVICES = {
    "identity": ("identity", "keystone"),
    "compute": ("compute", "nova"),
    "network": ("network", "neutron"),
    "block-storage": ("volume", "block_storage", "cinder"),
    "image": ("image", "glance"),
    "object-store": ("object_storage", "object_store", "swift"),
    "placement": ("placement",),
    "key-manager": ("key_manager", "barbican"),
    "dns": ("dns", "designate"),
    "orchestration": ("orchestration", "heat"),
}


@dataclass(frozen=True, slots=True)
class Result:
    """One test, what became of it, how long it took in seconds, and why it did not pass."""

    test: str
    outcome: Word
    seconds: float = 0.0
    reason: str = ""

    @property
    def service(self) -> str:
        """The service that its name speaks of first; empty if it speaks of none.

        >>> Result("tempest.api.volume.test_volumes_get.VolumesGetTest.test_it", "passed").service
        'block-storage'
        >>> Result("NovaServers.boot_and_list_server[0]", "passed").service
        'compute'
        """
        for word in re.split(r"[^a-z_]+|(?<=[a-z])(?=[A-Z])", re.sub(r"(?<=[a-z])(?=[A-Z])", ".", self.test).lower()):
            for service, names in _SERVICES.items():
                if word in names:
                    return service
        return ""


class Unreadable(ValueError):
    """A file is not what it looks like; the text says why."""
