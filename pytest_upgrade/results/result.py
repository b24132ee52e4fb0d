"""What became of a test that another tool has run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Word = Literal["passed", "failed", "error", "skipped", "inconclusive"]

#: What the names of tests and scenarios have of each service: Tempest's folders, Rally's classes, those of our suites.
SERVICES = {
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
        """The service that its name speaks of first; empty if it speaks of none."""
        return service_in(self.test)


def service_in(name: str) -> str:
    """The service that the name of a test speaks of first; empty if it speaks of none.

    >>> service_in("tempest.api.volume.test_volumes_get.VolumesGetTest.test_it")
    'block-storage'
    >>> service_in("NovaServers.boot_and_list_server[0]"), service_in("tests/suites/object_store/test_copies.py")
    ('compute', 'object-store')
    """
    for word in re.split(r"[^a-z_]+|(?<=[a-z])(?=[A-Z])", re.sub(r"(?<=[a-z])(?=[A-Z])", ".", name).lower()):
        for service, names in SERVICES.items():
            if word in names:
                return service
    return ""


class Unreadable(ValueError):
    """A file is not what it looks like; the text says why."""
