"""The NUMA topology of a guest as Nova records it in its database (nova/objects/instance_numa.py)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pytest_whitebox.core.databases.database import nova_object
from pytest_whitebox.core.databases.databases import Databases, HasId

_RECORDED = "SELECT numa_topology FROM instance_extra WHERE instance_uuid = :id"


@dataclass(frozen=True, slots=True)
class GuestCell:
    """One NUMA node of a guest; ``memory`` in MiB, ``page_kib`` is None for the pages of the host's choice.

    ``host_cell`` is the host's node that it lies on, ``pins`` says which vCPU has which host CPU for itself,
    ``reserved`` are host CPUs for isolated emulator threads, ``thread_policy`` says how it takes the threads of a core.
    """

    host_cell: int
    floating: frozenset[int]
    pins: Mapping[int, int]
    reserved: frozenset[int]
    memory: int
    page_kib: int | None
    thread_policy: str | None


@dataclass(frozen=True, slots=True)
class GuestTopology:
    """The NUMA nodes of a guest in their order, and the policy for its emulator threads."""

    cells: tuple[GuestCell, ...]
    emulator_policy: str | None = None

    @classmethod
    def from_database(cls, serialized: str) -> GuestTopology:
        """Parse ``instance_extra.numa_topology``.

        >>> said = '{"nova_object.data": {"cells": [{"nova_object.data": {"id": 0, "cpuset": [], "memory": 128, '
        >>> said += '"cpu_pinning_raw": {"0": 5}, "cpuset_reserved": null, "pagesize": null}}]}}'
        >>> GuestTopology.from_database(said).pins
        mappingproxy({0: frozenset({5})})
        """
        found = nova_object(serialized)
        return cls(tuple(map(_cell, found["cells"])), found.get("emulator_threads_policy"))

    @property
    def pins(self) -> Mapping[int, frozenset[int]]:
        """The host CPU of each pinned vCPU, in the form of `Domain.vcpu_pins`."""
        pins = {vcpu: frozenset({cpu}) for cell in self.cells for vcpu, cpu in cell.pins.items()}
        return MappingProxyType(pins)

    @property
    def reserved(self) -> frozenset[int]:
        """The host CPUs for its emulator threads alone."""
        return _together(cell.reserved for cell in self.cells)

    @property
    def floating(self) -> frozenset[int]:
        """The vCPUs that are not pinned."""
        return _together(cell.floating for cell in self.cells)


def recorded_topology(database: Databases, server: HasId) -> GuestTopology | None:
    """What Nova's database says now of a server; None if it asked for no topology."""
    row = database.cell_of(server).row(_RECORDED, id=server.id)
    return GuestTopology.from_database(row.numa_topology) if row.numa_topology else None


def _cell(said: Mapping[str, Any]) -> GuestCell:
    pins = {int(vcpu): cpu for vcpu, cpu in (said.get("cpu_pinning_raw") or {}).items()}
    return GuestCell(
        host_cell=said["id"],
        floating=frozenset(said["cpuset"]) - pins.keys(),
        pins=MappingProxyType(pins),
        reserved=frozenset(said.get("cpuset_reserved") or ()),
        memory=said["memory"],
        page_kib=said.get("pagesize"),
        thread_policy=said.get("cpu_thread_policy"),
    )


def _together(sets: Iterable[frozenset[int]]) -> frozenset[int]:
    return frozenset().union(*sets)
