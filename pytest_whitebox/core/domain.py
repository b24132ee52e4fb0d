"""A guest as libvirt sees it: domain XML, parsed once into frozen values."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from lxml import etree

from pytest_whitebox.core.cpuset import parse_cpus
from pytest_whitebox.core.errors import StackproofError

#: Where Nova writes what it knows of the guest (nova/virt/libvirt/config.py).
NOVA = "http://openstack.org/xmlns/libvirt/nova/1.1"
_NAMESPACES = {"nova": NOVA}
_UNITS = {"b": 1, "bytes": 1, "k": 1 << 10, "KiB": 1 << 10, "M": 1 << 20, "MiB": 1 << 20, "G": 1 << 30, "GiB": 1 << 30}


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


@dataclass(frozen=True, slots=True)
class Domain:
    """What libvirt says about one guest.

    >>> domain = Domain.from_xml(
    ...     "<domain type='qemu'><name>one</name><memory unit='MiB'>128</memory>"
    ...     "<cputune><vcpupin vcpu='0' cpuset='2-3'/></cputune></domain>"
    ... )
    >>> domain.memory_kib, sorted(domain.pinned_cpus)
    (131072, [2, 3])
    """

    name: str
    uuid: str
    type: str
    machine: str | None
    memory_kib: int
    vcpus: int
    vcpu_pins: Mapping[int, frozenset[int]]
    emulator_pins: frozenset[int]
    disks: Mapping[str, Disk]
    interfaces: tuple[Interface, ...]
    inputs: tuple[Input, ...]
    rng: Device | None
    video: Device | None
    watchdog: Device | None
    flavor: FlavorFacts | None
    xml: str = field(repr=False, compare=False)

    @property
    def pinned_cpus(self) -> frozenset[int]:
        """All host CPUs that this guest's vCPUs are pinned to; empty if they float."""
        return frozenset().union(*self.vcpu_pins.values())

    @classmethod
    def from_xml(cls, text: str) -> Domain:
        """Parse the output of ``virsh dumpxml``; what the XML does not say is None or empty."""
        root = _parse(text)
        pins = {int(pin.get("vcpu", "")): parse_cpus(pin.get("cpuset", "")) for pin in root.iterfind("cputune/vcpupin")}
        disks = (_disk(element) for element in root.iterfind("devices/disk"))
        emulator, machine = root.find("cputune/emulatorpin"), root.find("os/type")
        return cls(
            name=root.findtext("name") or "",
            uuid=root.findtext("uuid") or "",
            type=root.get("type", ""),
            machine=None if machine is None else machine.get("machine"),
            memory_kib=_kib(root.find("memory")),
            vcpus=int(root.findtext("vcpu") or 0),
            vcpu_pins=MappingProxyType(pins),
            emulator_pins=frozenset() if emulator is None else parse_cpus(emulator.get("cpuset", "")),
            disks=MappingProxyType({disk.target: disk for disk in disks}),
            interfaces=tuple(_interface(element) for element in root.iterfind("devices/interface")),
            inputs=tuple(Input(e.get("type", ""), e.get("bus", "")) for e in root.iterfind("devices/input")),
            rng=_device(root.find("devices/rng")),
            video=_device(root.find("devices/video/model")),
            watchdog=_device(root.find("devices/watchdog")),
            flavor=_flavor(root.find("metadata/nova:instance/nova:flavor", _NAMESPACES)),
            xml=text,
        )

    def xpath(self, path: str) -> list[str]:
        """Texts and attributes under an XPath (prefix ``nova`` is known); an element without text gives its XML.

        >>> Domain.from_xml("<domain><os><boot dev='hd'/></os></domain>").xpath("os/boot/@dev")
        ['hd']
        """
        found = _parse(self.xml).xpath(path, namespaces=_NAMESPACES)
        items = found if isinstance(found, list) else [found]
        return [_text(item) if isinstance(item, etree._Element) else str(item) for item in items]


def diff(before: Domain, after: Domain) -> str:
    """What differs between two looks at a domain, line by line; empty if nothing does.

    >>> one, two = (Domain.from_xml(f"<domain><name>{name}</name></domain>") for name in ("a", "b"))
    >>> print(diff(one, two))
    --- a
    +++ b
    @@ -1,3 +1,3 @@
     <domain>
    -  <name>a</name>
    +  <name>b</name>
     </domain>
    """
    old, new = _lines(before.xml), _lines(after.xml)
    return "\n".join(difflib.unified_diff(old, new, before.name, after.name, lineterm="", n=2))


def _parse(text: str) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_blank_text=True)
    try:
        return etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        hint = "look at `virsh dumpxml` on the guest's host"
        raise StackproofError(f"this is no domain XML: {error}", hint=hint) from None


def _lines(text: str) -> list[str]:
    return etree.tostring(_parse(text), pretty_print=True, encoding="unicode").splitlines()


def _text(element: etree._Element) -> str:
    return element.text or etree.tostring(element, encoding="unicode", with_tail=False)


def _kib(element: etree._Element | None) -> int:
    if element is None:
        return 0
    return int(element.text or 0) * _UNITS[element.get("unit", "KiB")] // 1024


def _attribute(parent: etree._Element, path: str, name: str) -> str | None:
    element = parent.find(path)
    return None if element is None else element.get(name)


def _disk(element: etree._Element) -> Disk:
    source = element.find("source")
    behind = (
        None if source is None else next((source.get(key) for key in ("file", "dev", "name") if source.get(key)), None)
    )
    return Disk(
        target=_attribute(element, "target", "dev") or "",
        bus=_attribute(element, "target", "bus") or "",
        device=element.get("device", "disk"),
        source=behind,
        serial=element.findtext("serial"),
        driver=_attribute(element, "driver", "name"),
        format=_attribute(element, "driver", "type"),
        cache=_attribute(element, "driver", "cache"),
    )


def _interface(element: etree._Element) -> Interface:
    mtu = _attribute(element, "mtu", "size")
    return Interface(
        mac=_attribute(element, "mac", "address") or "",
        type=element.get("type", ""),
        model=_attribute(element, "model", "type"),
        target=_attribute(element, "target", "dev"),
        mtu=None if mtu is None else int(mtu),
    )


def _device(element: etree._Element | None) -> Device | None:
    if element is None:
        return None
    model = element.get("model") or element.get("type") or ""
    return Device(model, action=element.get("action"), backend=element.findtext("backend"))


def _flavor(element: etree._Element | None) -> FlavorFacts | None:
    if element is None:
        return None
    numbers = {key: int(element.findtext(f"nova:{key}", "0", _NAMESPACES)) for key in _FLAVOR_NUMBERS}
    specs = element.iterfind("nova:extraSpecs/nova:extraSpec", _NAMESPACES)
    extra = {spec.get("name", ""): spec.text or "" for spec in specs}
    return FlavorFacts(element.get("name", ""), element.get("id"), **numbers, extra_specs=MappingProxyType(extra))


_FLAVOR_NUMBERS = ("vcpus", "memory", "disk", "swap", "ephemeral")
