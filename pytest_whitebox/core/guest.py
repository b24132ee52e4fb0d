"""The parts of a guest, each parsed from its element of libvirt's domain XML (nova/virt/libvirt/config.py)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from lxml import etree

#: Where Nova writes what it knows of the guest.
NAMESPACES = {"nova": "http://openstack.org/xmlns/libvirt/nova/1.1"}
_FLAVOR_NUMBERS = ("vcpus", "memory", "disk", "swap", "ephemeral")


@dataclass(frozen=True, slots=True)
class Disk:
    """One disk; ``serial`` is the volume's id if it is a volume, ``source`` the file, device or image behind it."""

    target: str
    bus: str
    device: str
    source: str | None
    serial: str | None
    driver: str | None
    format: str | None
    cache: str | None


@dataclass(frozen=True, slots=True)
class Interface:
    """One network interface; ``target`` is the tap device on the host."""

    mac: str
    type: str
    model: str | None
    target: str | None
    mtu: int | None


@dataclass(frozen=True, slots=True)
class Device:
    """A device told by its model and what it is bound to: ``backend`` of an RNG, ``action`` of a watchdog, and so on.

    >>> Device("i6300esb", action="reset")
    Device(model='i6300esb', action='reset', backend=None)
    """

    model: str
    action: str | None = None
    backend: str | None = None


@dataclass(frozen=True, slots=True)
class Input:
    """A pointer device or keyboard: ``Input("tablet", "usb")``."""

    type: str
    bus: str


@dataclass(frozen=True, slots=True)
class FlavorFacts:
    """The flavor that Nova wrote into the domain's metadata; sizes as in the flavor (MiB, GiB)."""

    name: str
    id: str | None
    vcpus: int
    memory: int
    disk: int
    swap: int
    ephemeral: int
    extra_specs: Mapping[str, str]


def _attribute(parent: etree._Element, path: str, name: str) -> str | None:
    element = parent.find(path)
    return None if element is None else element.get(name)


def disk(element: etree._Element) -> Disk:
    """A ``disk`` element."""
    source = element.find("source")
    found = [] if source is None else [source.get(key) for key in ("file", "dev", "name") if source.get(key)]
    return Disk(
        target=_attribute(element, "target", "dev") or "",
        bus=_attribute(element, "target", "bus") or "",
        device=element.get("device", "disk"),
        source=found[0] if found else None,
        serial=element.findtext("serial"),
        driver=_attribute(element, "driver", "name"),
        format=_attribute(element, "driver", "type"),
        cache=_attribute(element, "driver", "cache"),
    )


def interface(element: etree._Element) -> Interface:
    """An ``interface`` element."""
    mtu = _attribute(element, "mtu", "size")
    return Interface(
        mac=_attribute(element, "mac", "address") or "",
        type=element.get("type", ""),
        model=_attribute(element, "model", "type"),
        target=_attribute(element, "target", "dev"),
        mtu=None if mtu is None else int(mtu),
    )


def device(element: etree._Element | None) -> Device | None:
    """A device by its ``model`` or ``type``; None if there is none."""
    if element is None:
        return None
    model = element.get("model") or element.get("type") or ""
    return Device(model, action=element.get("action"), backend=element.findtext("backend"))


def flavor(element: etree._Element | None) -> FlavorFacts | None:
    """The ``nova:flavor`` of the metadata; None if Nova wrote none."""
    if element is None:
        return None
    numbers = {key: int(element.findtext(f"nova:{key}", "0", NAMESPACES)) for key in _FLAVOR_NUMBERS}
    specs = element.iterfind("nova:extraSpecs/nova:extraSpec", NAMESPACES)
    extra = {spec.get("name", ""): spec.text or "" for spec in specs}
    return FlavorFacts(element.get("name", ""), element.get("id"), **numbers, extra_specs=MappingProxyType(extra))
