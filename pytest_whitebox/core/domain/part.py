"""Facts that belong together: a value that is read from one element of libvirt's domain XML."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from pytest_whitebox.core.cpuset import format_cpus
from pytest_whitebox.core.domain.element import Element


class Part:
    """Facts of one element; it shows those that the XML states."""

    __slots__ = ()

    def __repr__(self) -> str:
        values = ((fact, getattr(self, fact.name)) for fact in facts_of(type(self)))
        stated = (f"{fact.name}={shown(value)}" for fact, value in values if value != fact.default)
        return f"{type(self).__name__}({', '.join(stated)})"


P = TypeVar("P", bound=Part)


@dataclass(frozen=True, slots=True)
class Fact:
    """A field of a `Part`: where the XML states it, what reads it, and what it is if the XML does not.

    A fact may be made of parts; ``key`` is the one of their facts that orders a mapping of them. A ``volatile`` fact
    is drawn anew whenever a guest starts, or changes while it runs, and does not count when two domains are compared.
    """

    name: str
    path: str
    read: Callable[[Element], Any]
    default: object
    part: type[Part] | None
    key: str
    volatile: bool


def facts_of(part: type[Part]) -> tuple[Fact, ...]:
    """The facts that a part declares, in their order."""
    return tuple(Fact(one.name, **one.metadata) for one in fields(part) if one.metadata)  # type: ignore[arg-type]


def reader(part: type[P]) -> Callable[[Element], P]:
    """What makes a part of its element."""
    looks = [fact.read for fact in facts_of(part)]
    return lambda element: part(*[look(element) for look in looks])


def shown(value: object) -> str:
    """A fact in words: sets of CPUs as libvirt writes them.

    >>> shown(frozenset({0, 1, 2})), shown(None), shown("qcow2"), shown({"hw:pmu": "on"})
    ('0-2', 'none', "'qcow2'", "{'hw:pmu': 'on'}")
    """
    if value is None or value == frozenset():
        return "none"
    if isinstance(value, frozenset):
        return format_cpus(value)
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key!r}: {shown(one)}' for key, one in value.items())}}}"
    return repr(value)
