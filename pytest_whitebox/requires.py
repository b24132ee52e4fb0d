"""The marker ``requires``: what the cloud must have for a test to make sense."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import pytest

if TYPE_CHECKING:
    from pytest_whitebox.facts import Facts

#: What may be required by its word alone, apart from "libvirt": official service types.
SERVICE_TYPES = (
    "baremetal", "block-storage", "compute", "dns", "identity", "image", "key-manager", "load-balancer", "network",
    "object-store", "orchestration", "placement", "shared-file-system",
)  # fmt: skip
_WORDS = ("libvirt", *SERVICE_TYPES)
_OTHER = "choose another cloud with --os-cloud"


@dataclass(frozen=True, slots=True)
class Requires:
    """``@pytest.mark.requires("libvirt", "block-storage", computes=2, pcpus=4)``.

    ``computes`` counts the compute hosts that are up, ``pcpus`` the CPUs of the largest of them.
    """

    usage: ClassVar[str] = "requires(*needs, computes=0, pcpus=0): skip the test unless the cloud has all of it"

    needs: tuple[str, ...] = ()
    computes: int = 0
    pcpus: int = 0

    @classmethod
    def from_mark(cls, mark: pytest.Mark) -> Requires:
        """What a marker says; raises `pytest.Collector.CollectError` for what it cannot say."""
        if unknown := [word for word in mark.args if word not in _WORDS]:
            raise _misused(f"{unknown[0]!r} is none of {', '.join(_WORDS)}")
        if strange := sorted(set(mark.kwargs) - {"computes", "pcpus"}):
            raise _misused(f"it knows no {strange[0]!r}")
        if not all(type(value) is int and value > 0 for value in mark.kwargs.values()):
            raise _misused("computes and pcpus are numbers above 0")
        if not mark.args and not mark.kwargs:
            raise _misused("it requires nothing")
        return cls(mark.args, **mark.kwargs)

    def missing(self, facts: Facts) -> Iterator[str]:
        """A sentence with its next step for each thing that the cloud does not have."""
        for word in self.needs:
            if word == "libvirt" and not facts.has_libvirt:
                yield f"needs a hypervisor driven by libvirt and none is up: start one, or {_OTHER}"
            if word in SERVICE_TYPES and word not in facts.service_types:
                yield f"needs a {word} service and the catalog has none: deploy it, or {_OTHER}"
        if self.computes and facts.computes < self.computes:
            yield f"needs {self.computes} compute hosts and {facts.computes} are up: start more, or {_OTHER}"
        if self.pcpus and facts.pcpus < self.pcpus:
            yield f"needs a compute host with {self.pcpus} CPUs and the largest has {facts.pcpus}: {_OTHER}"


def _misused(why: str) -> Exception:
    return pytest.Collector.CollectError(f"@pytest.mark.{Requires.usage.partition(':')[0]}: {why}")
