"""A guest as libvirt sees it: domain XML, parsed once into frozen values."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from lxml import etree

from pytest_whitebox.core.cpuset import parse_cpus
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.guest import (
    NAMESPACES,
    Device,
    Disk,
    FlavorFacts,
    Input,
    Interface,
    device,
    disk,
    flavor,
    interface,
)

_UNITS = {"b": 1, "bytes": 1, "k": 1 << 10, "KiB": 1 << 10, "M": 1 << 20, "MiB": 1 << 20, "G": 1 << 30, "GiB": 1 << 30}


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
        disks = (disk(element) for element in root.iterfind("devices/disk"))
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
            disks=MappingProxyType({found.target: found for found in disks}),
            interfaces=tuple(interface(element) for element in root.iterfind("devices/interface")),
            inputs=tuple(Input(e.get("type", ""), e.get("bus", "")) for e in root.iterfind("devices/input")),
            rng=device(root.find("devices/rng")),
            video=device(root.find("devices/video/model")),
            watchdog=device(root.find("devices/watchdog")),
            flavor=flavor(root.find("metadata/nova:instance/nova:flavor", NAMESPACES)),
            xml=text,
        )

    def xpath(self, path: str) -> list[str]:
        """Texts and attributes under an XPath (prefix ``nova`` is known); an element without text gives its XML.

        >>> Domain.from_xml("<domain><os><boot dev='hd'/></os></domain>").xpath("os/boot/@dev")
        ['hd']
        """
        found = _parse(self.xml).xpath(path, namespaces=NAMESPACES)
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
