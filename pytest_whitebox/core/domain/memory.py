"""The memory of a guest: what it is made of on the host, and modules that it was given."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_whitebox.core.domain.fields import cpus, every, kib, number, present, text
from pytest_whitebox.core.domain.part import Part


@dataclass(frozen=True, slots=True, repr=False)
class HugePages(Part):
    """Pages of one size, for the cells of the guest that are named; for all if none is."""

    size_kib: int | None = kib("@size", "@unit")
    cells: frozenset[int] = cpus("@nodeset")


@dataclass(frozen=True, slots=True, repr=False)
class MemoryBacking(Part):
    """What backs the memory: huge pages, a file or a memfd, shared or locked, given at once or on demand."""

    huge_pages: tuple[HugePages, ...] = every("hugepages/page", HugePages)
    source: str | None = text("source/@type")
    access: str | None = text("access/@mode")
    allocation: str | None = text("allocation/@mode")
    locked: bool = present("locked")
    no_share_pages: bool = present("nosharepages")
    discard: bool = present("discard")


@dataclass(frozen=True, slots=True, repr=False)
class MemoryModule(Part):
    """Memory that is plugged in, such as an ``nvdimm`` with its file, sizes in KiB."""

    model: str | None = text("@model")
    access: str | None = text("@access")
    path: str | None = text("source/path")
    align_kib: int | None = kib("source/alignsize", "source/alignsize/@unit")
    pmem: bool = present("source/pmem")
    size_kib: int | None = kib("target/size", "target/size/@unit")
    node: int | None = number("target/node")
    label_kib: int | None = kib("target/label/size", "target/label/size/@unit")
