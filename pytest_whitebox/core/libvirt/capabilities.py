"""What a compute host has to offer by its own libvirt: processors, memory, NUMA cells, kinds of guests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pytest_whitebox.core.cpuset import parse_cpus
from pytest_whitebox.core.libvirt.xml import parse, text

if TYPE_CHECKING:
    from lxml.etree import _Element


@dataclass(frozen=True, slots=True)
class Cpu:
    """A host CPU: ``siblings`` are the CPUs of its core, itself among them; one that is offline has no place."""

    id: int
    socket: int | None
    die: int | None
    core: int | None
    siblings: frozenset[int]


@dataclass(frozen=True, slots=True)
class Cell:
    """A NUMA cell: ``memory`` in KiB, ``pages`` the number of pages by their size in KiB, ``distances`` by cell."""

    id: int
    memory: int
    pages: Mapping[int, int]
    distances: Mapping[int, int]
    cpus: tuple[Cpu, ...]

    @property
    def cpu_ids(self) -> frozenset[int]:
        """The CPUs of the cell."""
        return frozenset(cpu.id for cpu in self.cpus)


@dataclass(frozen=True, slots=True)
class Machines:
    """Guests of one architecture: the emulator, its machine types (aliases too) and types such as ``kvm``."""

    arch: str
    emulator: str
    types: frozenset[str]
    machines: frozenset[str]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """``virsh capabilities`` of a host.

    ``model`` and ``features`` are the host's processor as libvirt names it, ``page_sizes`` in KiB, ``security`` the
    security drivers with the doi of each, such as ``selinux``.
    """

    arch: str
    model: str
    vendor: str
    features: frozenset[str]
    page_sizes: frozenset[int]
    cells: tuple[Cell, ...]
    guests: tuple[Machines, ...]
    security: Mapping[str, str]
    iommu: bool

    @classmethod
    def from_xml(cls, xml: str) -> Capabilities:
        """Parse what ``virsh capabilities`` says; raises `StackproofError` for anything else."""
        root = parse(xml, "capabilities", "virsh capabilities")
        host: Any = root.find("host")
        cpu: Any = host.find("cpu")
        return cls(
            arch=text(cpu, "arch"),
            model=text(cpu, "model"),
            vendor=text(cpu, "vendor"),
            features=frozenset(feature.get("name") for feature in cpu.iter("feature")),
            page_sizes=frozenset(int(pages.get("size")) for pages in cpu.iter("pages")),
            cells=tuple(_cell(cell) for cell in host.iterfind("topology/cells/cell")),
            guests=tuple(_machines(guest) for guest in root.iterfind("guest")),
            security=MappingProxyType({text(one, "model"): text(one, "doi") for one in host.iterfind("secmodel")}),
            iommu=host.find("iommu[@support='yes']") is not None,
        )

    @property
    def cpus(self) -> tuple[Cpu, ...]:
        """All CPUs of all cells."""
        return tuple(cpu for cell in self.cells for cpu in cell.cpus)

    @property
    def has_kvm(self) -> bool:
        """True if guests of the host's own architecture can run on its processor."""
        return any("kvm" in guest.types for guest in self.guests if guest.arch == self.arch)

    @property
    def has_threads(self) -> bool:
        """True if a core has more than one CPU (SMT)."""
        return any(len(cpu.siblings) > 1 for cpu in self.cpus)

    def cell_of(self, cpu: int) -> Cell:
        """The NUMA cell of a CPU; raises `KeyError` if the host has no such CPU."""
        return {one: cell for cell in self.cells for one in cell.cpu_ids}[cpu]


def _cell(cell: _Element) -> Cell:
    found: Any = cell
    return Cell(
        id=int(found.get("id")),
        memory=int(text(cell, "memory") or 0),
        pages=MappingProxyType({int(one.get("size")): int(one.text) for one in found.iterfind("pages")}),
        distances=MappingProxyType(
            {int(one.get("id")): int(one.get("value")) for one in found.iterfind("distances/sibling")}
        ),
        cpus=tuple(_cpu(one) for one in found.iterfind("cpus/cpu")),
    )


def _cpu(cpu: _Element) -> Cpu:
    place = {name: cpu.get(f"{name}_id") for name in ("socket", "die", "core")}
    number = int(cpu.get("id") or 0)
    return Cpu(
        id=number,
        siblings=parse_cpus(cpu.get("siblings") or str(number)),
        **{name: None if value is None else int(value) for name, value in place.items()},
    )


def _machines(guest: _Element) -> Machines:
    arch: Any = guest.find("arch")
    names = {one.text for one in arch.iter("machine")} | {one.get("canonical") for one in arch.iter("machine")}
    return Machines(
        arch=arch.get("name"),
        emulator=text(arch, "emulator"),
        types=frozenset(one.get("type") for one in arch.iter("domain")),
        machines=frozenset(name for name in names if name),
    )
