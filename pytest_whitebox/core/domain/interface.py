"""Network interfaces of a guest, of every kind that Nova makes."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_whitebox.core.domain.fields import flag, number, one, pci, text
from pytest_whitebox.core.domain.part import Part


@dataclass(frozen=True, slots=True, repr=False)
class Bandwidth(Part):
    """A limit in one direction: KiB per second on average and at most, KiB in one burst."""

    average: int | None = number("@average")
    peak: int | None = number("@peak")
    burst: int | None = number("@burst")


@dataclass(frozen=True, slots=True, repr=False)
class Interface(Part):
    """One network interface; ``target`` is the tap device on the host, ``source`` its bridge, device or socket.

    ``port`` is Neutron's port where Open vSwitch is told of it by libvirt. ``host_address`` is the PCI device of the
    host that an SR-IOV interface is, ``address`` the one that the guest sees.
    """

    mac: str = text("mac/@address", default="")
    type: str = text("@type", default="")
    model: str | None = text("model/@type")
    target: str | None = text("target/@dev")
    mtu: int | None = number("mtu/@size")
    source: str | None = text("source/@bridge | source/@dev | source/@network | source/@path")
    source_mode: str | None = text("source/@mode")
    host_address: str | None = pci("source/address")
    driver: str | None = text("driver/@name")
    queues: int | None = number("driver/@queues")
    rx_queue_size: int | None = number("driver/@rx_queue_size")
    tx_queue_size: int | None = number("driver/@tx_queue_size")
    packed: bool | None = flag("driver/@packed")
    iommu: bool | None = flag("driver/@iommu")
    vlan: int | None = number("vlan/tag/@id")
    port: str | None = text("virtualport/parameters/@interfaceid")
    virtual_port: str | None = text("virtualport/@type")
    filter: str | None = text("filterref/@filter")
    inbound: Bandwidth | None = one("bandwidth/inbound", Bandwidth)
    outbound: Bandwidth | None = one("bandwidth/outbound", Bandwidth)
    managed: bool | None = flag("target/@managed | @managed")
    boot_order: int | None = number("boot/@order")
    address: str | None = pci("address")
    alias: str | None = text("alias/@name", volatile=True)
