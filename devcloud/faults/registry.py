"""Every fault there is."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from devcloud.faults import (
    allocations,
    balancer,
    clocks,
    daemons,
    databases,
    disks,
    hosts,
    identity,
    images,
    networks,
    servers,
    volumes,
)
from devcloud.faults.fault import Fault
from pytest_whitebox.core.errors import StackproofError

_ROOMS = (
    daemons,
    databases,
    balancer,
    hosts,
    disks,
    clocks,
    identity,
    servers,
    allocations,
    networks,
    volumes,
    images,
)
FAULTS: Mapping[str, Fault] = MappingProxyType({fault.name: fault for room in _ROOMS for fault in room.FAULTS})


def of(projects: tuple[str, ...]) -> list[Fault]:
    """The faults that a cloud with these projects can have."""
    return [fault for fault in FAULTS.values() if fault.needs in projects]


def named(name: str, projects: tuple[str, ...]) -> Fault:
    """A fault by its name; raises `StackproofError` if there is none, or the cloud cannot have it."""
    fault = FAULTS.get(name)
    if fault is None:
        raise StackproofError(f"there is no fault {name!r}", hint="`devcloud break` lists them all")
    if fault.needs not in projects:
        raise StackproofError(f"this cloud has no {fault.needs}, which {name} breaks", hint="`devcloud break` lists")
    return fault
