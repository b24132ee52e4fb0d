"""Disks of a guest, and directories that it shares with its host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_whitebox.core.domain.fields import every, number, numbers, one, pci, present, text
from pytest_whitebox.core.domain.part import Part


@dataclass(frozen=True, slots=True, repr=False)
class Encryption(Part):
    """The encryption of a disk, done by ``engine``, and libvirt's secret that opens it."""

    format: str | None = text("@format")
    engine: str | None = text("@engine")
    secret: str | None = text("secret/@uuid")


@dataclass(frozen=True, slots=True, repr=False)
class Backing(Part):
    """One image that a disk is an overlay of."""

    type: str | None = text("@type")
    format: str | None = text("format/@type")
    source: str | None = text("source/@file | source/@dev | source/@name")


@dataclass(frozen=True, slots=True, repr=False)
class Disk(Part):
    """One disk; ``serial`` is the volume's id if it is a volume, ``source`` the file, device or image behind it.

    ``address`` is that of its own PCI device, ``controller`` and ``unit`` those on a bus that it shares.
    ``backing`` is the chain of images below it, the nearest first.
    """

    target: str = text("target/@dev", default="")
    bus: str = text("target/@bus", default="")
    device: str = text("@device", default="disk")
    type: str | None = text("@type")
    source: str | None = text("source/@file | source/@dev | source/@name")
    protocol: str | None = text("source/@protocol")
    serial: str | None = text("serial")
    driver: str | None = text("driver/@name")
    format: str | None = text("driver/@type")
    cache: str | None = text("driver/@cache")
    io: str | None = text("driver/@io")
    discard: str | None = text("driver/@discard")
    detect_zeroes: str | None = text("driver/@detect_zeroes")
    iothread: int | None = number("driver/@iothread")
    queues: int | None = number("driver/@queues")
    shareable: bool = present("shareable")
    read_only: bool = present("readonly")
    logical_block_size: int | None = number("blockio/@logical_block_size")
    physical_block_size: int | None = number("blockio/@physical_block_size")
    iotune: Mapping[str, int] = numbers("iotune/*")
    encryption: Encryption | None = one("encryption | source/encryption", Encryption)
    user: str | None = text("auth/@username | source/auth/@username")
    backing: tuple[Backing, ...] = every(".//backingStore[source]", Backing)
    boot_order: int | None = number("boot/@order")
    address: str | None = pci("address")
    controller: int | None = number("address/@controller")
    unit: int | None = number("address/@unit")
    alias: str | None = text("alias/@name", volatile=True)


@dataclass(frozen=True, slots=True, repr=False)
class FileSystem(Part):
    """A directory of the host (a share of Manila's with ``virtiofs``) under its tag in the guest."""

    type: str | None = text("@type")
    driver: str | None = text("driver/@type")
    source: str | None = text("source/@dir | source/@socket")
    target: str | None = text("target/@dir")
    read_only: bool = present("readonly")
