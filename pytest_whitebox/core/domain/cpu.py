"""The processor of a guest: what it looks like, how it is scheduled, and its NUMA cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_whitebox.core.domain.fields import cpus, keyed, kib, number, one, table, text
from pytest_whitebox.core.domain.part import Part


@dataclass(frozen=True, slots=True, repr=False)
class Topology(Part):
    """Sockets, dies, cores and threads, each per the one before."""

    sockets: int | None = number("@sockets")
    dies: int | None = number("@dies")
    clusters: int | None = number("@clusters")
    cores: int | None = number("@cores")
    threads: int | None = number("@threads")


@dataclass(frozen=True, slots=True, repr=False)
class Cpu(Part):
    """The model that the guest sees, and of each named feature its policy (``require``, ``disable``, …).

    A live domain that Nova defined with ``host-model`` says ``custom``, with all that libvirt found on the host.
    """

    mode: str | None = text("@mode")
    match: str | None = text("@match")
    check: str | None = text("@check")
    model: str | None = text("model")
    fallback: str | None = text("model/@fallback")
    vendor: str | None = text("vendor")
    topology: Topology | None = one("topology", Topology)
    features: Mapping[str, str] = table("feature", "@name", "@policy")
    address_mode: str | None = text("maxphysaddr/@mode")
    address_bits: int | None = number("maxphysaddr/@bits")


@dataclass(frozen=True, slots=True, repr=False)
class Scheduler(Part):
    """How the threads of some vCPUs are scheduled: ``fifo`` or ``rr`` for real time, with its priority."""

    vcpus: frozenset[int] = cpus("@vcpus")
    scheduler: str | None = text("@scheduler")
    priority: int | None = number("@priority")


@dataclass(frozen=True, slots=True, repr=False)
class Cell(Part):
    """A NUMA cell of the guest: its vCPUs, its memory, and whether that is ``shared`` or ``private``."""

    id: int | None = number("@id")
    cpus: frozenset[int] = cpus("@cpus")
    memory_kib: int | None = kib("@memory", "@unit")
    access: str | None = text("@memAccess")


@dataclass(frozen=True, slots=True, repr=False)
class MemoryNode(Part):
    """The NUMA nodes of the host that hold the memory of one cell of the guest."""

    cell: int | None = number("@cellid")
    mode: str | None = text("@mode")
    nodes: frozenset[int] = cpus("@nodeset")


@dataclass(frozen=True, slots=True, repr=False)
class Numa(Part):
    """The guest's cells by their number, and the host's nodes that its memory is taken from."""

    mode: str | None = text("numatune/memory/@mode")
    nodes: frozenset[int] = cpus("numatune/memory/@nodeset")
    memory_nodes: Mapping[int, MemoryNode] = keyed("numatune/memnode", MemoryNode, "cell")
    cells: Mapping[int, Cell] = keyed("cpu/numa/cell", Cell, "id")


@dataclass(frozen=True, slots=True, repr=False)
class CpuTime(Part):
    """The share of processor time: weight, and microseconds for each vCPU in a period of as many."""

    shares: int | None = number("shares")
    quota: int | None = number("quota")
    period: int | None = number("period")
