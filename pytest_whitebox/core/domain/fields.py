"""What a `Part` is declared with: each of these reads one field from the path at which the XML states it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from types import MappingProxyType
from typing import Any

from pytest_whitebox.core.cpuset import parse_cpus
from pytest_whitebox.core.domain.element import (
    Element,
    clark,
    converted,
    finder,
    getter,
    pci_address,
    switch,
    to_kib,
    whole,
)
from pytest_whitebox.core.domain.part import P, Part, reader

_NOTHING: Mapping[Any, Any] = MappingProxyType({})
#: What tells the address of a PCI device from that of another one.
_PCI_KEYS = ("domain", "bus", "slot", "function")
_PCI = frozenset(_PCI_KEYS)


def text(path: str, *, default: str | None = None, volatile: bool = False) -> Any:
    """A text; ``default`` if the XML does not say."""
    return _value(path, str, default, volatile=volatile)


def number(path: str, *, default: int | None = None, volatile: bool = False) -> Any:
    """A whole number, decimal or hexadecimal; ``default`` if the XML does not say."""
    return _value(path, whole, default, volatile=volatile)


def cpus(path: str) -> Any:
    """A set of host CPUs, vCPUs or NUMA nodes; empty if the XML does not say."""
    return _value(path, parse_cpus, frozenset())


def flag(path: str) -> Any:
    """True or False by a ``yes``, ``no``, ``on`` or ``off``; None if the XML does not say."""
    return _value(path, switch)


def feature(path: str) -> Any:
    """True if there is such an element and its ``state`` is not ``off``; None if there is none."""
    find = finder(path)
    return _fact(path, lambda element: None if (found := find(element)) is None else found.get("state") != "off")


def features(path: str) -> Any:
    """Each element at the path by its name: True unless its ``state`` is ``off``."""
    return _mapping(path, lambda element: ((str(one.tag), one.get("state") != "off") for one in element.iterfind(path)))


def numbers(path: str) -> Any:
    """The whole number in each element at the path, by the element's name."""

    def entries(element: Element) -> Iterator[tuple[str, int]]:
        for one in element.iterfind(path):
            yield str(one.tag), converted(path, one.text or "", whole)

    return _mapping(path, entries)


def present(path: str) -> Any:
    """True if there is such an element."""
    find = finder(path)
    return _fact(path, lambda element: find(element) is not None, False)


def kib(path: str, unit: str, default: int | None = None, *, volatile: bool = False) -> Any:
    """A size in KiB; ``unit`` is the path of the unit that it is written in, ``default`` if there is no size."""
    size, of = getter(path), getter(unit)

    def look(element: Element) -> int | None:
        found = size(element)
        return default if found is None else converted(path, found, lambda value: to_kib(value, of(element)))

    return _fact(path, look, default, volatile=volatile)


def pci(path: str) -> Any:
    """The address of a PCI device as Nova and Linux write it, such as ``0000:04:10.7``."""
    find = finder(path)

    def look(element: Element) -> str | None:
        found = find(element)
        if found is None or not _PCI.issubset(found.attrib):
            return None
        return converted(path, ":".join(found.get(key, "") for key in _PCI_KEYS), pci_address)

    return _fact(path, look)


def table(
    path: str, key: str, value: str, convert: Callable[[str], Any] = str, name: Callable[[str], Any] = str
) -> Any:
    """A value for each element at the path by its key; ``convert`` and ``name`` read the two."""
    look, keys, values = clark(path), getter(key), getter(value)

    def entries(element: Element) -> Iterator[tuple[Any, Any]]:
        for one in element.iterfind(look):
            yield converted(path, keys(one) or "", name), converted(path, values(one) or "", convert)

    return _mapping(f"{path}/{value}".removesuffix("/."), entries)


def one(path: str, part: type[P]) -> Any:
    """A part; None if its element is not there."""
    find, read = finder(path), reader(part)

    def look(element: Element) -> P | None:
        return None if (found := find(element)) is None else read(found)

    return _fact(path, look, part=part)


def always(path: str, part: type[P]) -> Any:
    """A part, of which nothing is stated if its element is not there."""
    find, read, nothing = finder(path), reader(part), part()

    def look(element: Element) -> P:
        return nothing if (found := find(element)) is None else read(found)

    return _fact(path, look, nothing, part=part)


def every(path: str, part: type[P]) -> Any:
    """All parts at the path, in the order of the document."""
    look, read = clark(path), reader(part)
    return _fact(path, lambda element: tuple(read(found) for found in element.iterfind(look)), (), part=part)


def keyed(path: str, part: type[P], key: str) -> Any:
    """The parts at the path by one of their facts."""
    look, read = clark(path), reader(part)

    def entries(element: Element) -> Iterator[tuple[Any, P]]:
        for found in element.iterfind(look):
            made = read(found)
            yield getattr(made, key), made

    return _mapping(path, entries, part=part, key=key)


def _value(path: str, convert: Callable[[str], Any], default: Any = None, *, volatile: bool = False) -> Any:
    get = getter(path)

    def look(element: Element) -> Any:
        return default if (found := get(element)) is None else converted(path, found, convert)

    return _fact(path, look, default, volatile=volatile)


def _mapping(
    path: str, entries: Callable[[Element], Iterator[tuple[Any, Any]]], part: type[Part] | None = None, key: str = ""
) -> Any:
    def look(element: Element) -> Mapping[Any, Any]:
        return MappingProxyType(found) if (found := dict(entries(element))) else _NOTHING

    return _fact(path, look, _NOTHING, part=part, key=key)


def _fact(
    path: str, look: Callable[[Element], Any], default: Any = None, *,
    part: type[Part] | None = None, key: str = "", volatile: bool = False,
) -> Any:  # fmt: skip
    about = {"path": path, "read": look, "default": default, "part": part, "key": key, "volatile": volatile}
    return field(default_factory=lambda: default, compare=not volatile, metadata=about)
