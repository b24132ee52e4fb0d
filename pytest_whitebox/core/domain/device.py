"""The other devices of a guest."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_whitebox.core.domain.fields import flag, number, pci, text
from pytest_whitebox.core.domain.part import Part


@dataclass(frozen=True, slots=True, repr=False)
class HostDevice(Part):
    """A device of the host: ``host_address`` of a PCI device, ``uuid`` of a mediated one such as a vGPU."""

    type: str | None = text("@type")
    mode: str | None = text("@mode")
    managed: bool | None = flag("@managed")
    model: str | None = text("@model")
    host_address: str | None = pci("source/address")
    uuid: str | None = text("source/address/@uuid")
    driver: str | None = text("driver/@name")
    display: bool | None = flag("@display")
    address: str | None = pci("address")
    alias: str | None = text("alias/@name", volatile=True)


@dataclass(frozen=True, slots=True, repr=False)
class Controller(Part):
    """A bus that devices sit on: ``scsi`` with model ``virtio-scsi``, or ``pci``, ``usb`` and the like."""

    type: str = text("@type", default="")
    index: int | None = number("@index")
    model: str | None = text("@model")
    iothread: int | None = number("driver/@iothread")
    queues: int | None = number("driver/@queues")
    address: str | None = pci("address")


@dataclass(frozen=True, slots=True, repr=False)
class Tpm(Part):
    """A trusted platform module; ``secret`` is libvirt's secret that its state is encrypted with."""

    model: str | None = text("@model")
    backend: str | None = text("backend/@type")
    version: str | None = text("backend/@version")
    secret: str | None = text("backend/encryption/@secret")
    persistent: bool | None = flag("backend/@persistent_state")


@dataclass(frozen=True, slots=True, repr=False)
class Rng(Part):
    """A source of random numbers: ``backend`` is the file on the host, and so many bytes in so many milliseconds."""

    model: str | None = text("@model")
    backend: str | None = text("backend")
    backend_model: str | None = text("backend/@model")
    rate_bytes: int | None = number("rate/@bytes")
    rate_period: int | None = number("rate/@period")


@dataclass(frozen=True, slots=True, repr=False)
class Watchdog(Part):
    """What happens to a guest that does not pat its watchdog."""

    model: str | None = text("@model")
    action: str | None = text("@action")


@dataclass(frozen=True, slots=True, repr=False)
class Video(Part):
    """The graphics card; its model is ``none`` where an image asks for none."""

    model: str | None = text("@type")
    vram_kib: int | None = number("@vram")
    heads: int | None = number("@heads")
    primary: bool | None = flag("@primary")


@dataclass(frozen=True, slots=True, repr=False)
class Graphics(Part):
    """A remote console; libvirt draws its ``port`` if it may."""

    type: str | None = text("@type")
    listen: str | None = text("@listen | listen/@address")
    auto_port: bool | None = flag("@autoport")
    keymap: str | None = text("@keymap")
    port: int | None = number("@port", volatile=True)
    tls_port: int | None = number("@tlsPort", volatile=True)


@dataclass(frozen=True, slots=True, repr=False)
class Character(Part):
    """A serial line, console or channel: ``log`` is the file on the host that keeps what the guest writes."""

    type: str | None = text("@type")
    target_type: str | None = text("target/@type")
    target_port: int | None = number("target/@port")
    target_name: str | None = text("target/@name")
    log: str | None = text("log/@file")
    host: str | None = text("source/@host")
    service: int | None = number("source/@service")
    path: str | None = text("source/@path", volatile=True)


@dataclass(frozen=True, slots=True, repr=False)
class Balloon(Part):
    """The memory balloon, and how many seconds lie between its statistics."""

    model: str | None = text("@model")
    stats_period: int | None = number("stats/@period")
    auto_deflate: bool | None = flag("@autodeflate")
    free_page_reporting: bool | None = flag("@freePageReporting")


@dataclass(frozen=True, slots=True, repr=False)
class Iommu(Part):
    """The IOMMU that the guest sees."""

    model: str | None = text("@model")
    intremap: bool | None = flag("driver/@intremap")
    caching_mode: bool | None = flag("driver/@caching_mode")
    eim: bool | None = flag("driver/@eim")
    aw_bits: int | None = number("driver/@aw_bits")
    iotlb: bool | None = flag("driver/@iotlb")


@dataclass(frozen=True, slots=True, repr=False)
class Input(Part):
    """A pointer device or keyboard: ``Input("tablet", "usb")``."""

    type: str = text("@type", default="")
    bus: str = text("@bus", default="")
    model: str | None = text("@model")
