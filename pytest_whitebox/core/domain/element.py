"""Looking into one element of libvirt's domain XML: texts, attributes, sizes and addresses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeVar

from lxml import etree

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.libvirt import xml

#: Where Nova writes what it knows of the guest.
NAMESPACES: Mapping[str, str] = MappingProxyType({"nova": "http://openstack.org/xmlns/libvirt/nova/1.1"})
#: The units that libvirt counts memory in (virScaleInteger).
_UNITS = {
    "b": 1, "bytes": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
    "k": 1 << 10, "K": 1 << 10, "KiB": 1 << 10, "M": 1 << 20, "MiB": 1 << 20, "G": 1 << 30, "GiB": 1 << 30,
    "T": 1 << 40, "TiB": 1 << 40,
}  # fmt: skip
_SWITCHES = {"yes": True, "on": True, "no": False, "off": False}

Element = etree._Element
T = TypeVar("T")
#: What writes a domain's XML.
DUMP = "virsh dumpxml"


def parse(document: str) -> Element:
    """The root of a domain's XML; raises `StackproofError` for anything else."""
    return xml.parse(document, "domain", DUMP)


def clark(path: str) -> str:
    """A path as lxml finds it without being told of namespaces.

    >>> clark("nova:flavor/nova:disk")
    '{http://openstack.org/xmlns/libvirt/nova/1.1}flavor/{http://openstack.org/xmlns/libvirt/nova/1.1}disk'
    """
    for prefix, uri in NAMESPACES.items():
        path = path.replace(f"{prefix}:", f"{{{uri}}}")
    return path


def finder(path: str) -> Callable[[Element], Element | None]:
    """Finds the first element at a path; of several with ``|`` between them, at the first that leads to one."""
    paths = [clark(one) for one in path.split(" | ")]

    def find(element: Element) -> Element | None:
        for one in paths:
            if (found := element.find(one)) is not None:
                return found
        return None

    return find


def getter(path: str) -> Callable[[Element], str | None]:
    """Gets the text of an element, or of an attribute if the path ends in one; None if that is not there or empty."""
    looks = [_getter(one) for one in path.split(" | ")]
    return looks[0] if len(looks) == 1 else lambda element: next(filter(None, (look(element) for look in looks)), None)


def _getter(path: str) -> Callable[[Element], str | None]:
    way, at, attribute = path.rpartition("@")
    if not at:
        look = clark(path)
        return lambda element: element.findtext(look) or None
    if not way:
        return lambda element: element.get(attribute)
    find = finder(way.rstrip("/"))
    return lambda element: None if (found := find(element)) is None else found.get(attribute)


def converted(path: str, value: str, convert: Callable[[str], T]) -> T:
    """A value read as what it should be; raises `StackproofError` if it is something else."""
    try:
        return convert(value)
    except (ValueError, KeyError):
        raise StackproofError(
            f"this is no domain XML of libvirt's: {path} is {value!r}", hint=f"look at `{DUMP}` on the host"
        ) from None


def whole(value: str) -> int:
    """A whole number, decimal or hexadecimal.

    >>> whole("8192"), whole("0x0033")
    (8192, 51)
    """
    return int(value, 16 if value.startswith("0x") else 10)


def switch(value: str) -> bool:
    """True for ``yes`` and ``on``, False for ``no`` and ``off``.

    >>> switch("on"), switch("no")
    (True, False)
    """
    return _SWITCHES[value]


def to_kib(size: str, unit: str | None) -> int:
    """A size in KiB, which is also the unit of one that has none.

    >>> to_kib("1", "GiB"), to_kib("2048", None)
    (1048576, 2048)
    """
    return int(size) * _UNITS[unit or "KiB"] // 1024


def pci_address(value: str) -> str:
    """The address of a PCI device as Nova and Linux write it, from its domain, bus, slot and function.

    >>> pci_address("0x0000:0x04:0x10:0x7")
    '0000:04:10.7'
    """
    domain, bus, slot, function = (int(part, 16) for part in value.split(":"))
    return f"{domain:04x}:{bus:02x}:{slot:02x}.{function:x}"
