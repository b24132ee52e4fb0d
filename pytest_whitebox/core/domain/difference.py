"""What differs between two looks at a guest: facts by their names, then lines of the XML."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from pytest_whitebox.core.domain.domain import Domain
from pytest_whitebox.core.domain.element import clark, parse
from pytest_whitebox.core.domain.part import Part, facts_of, shown

#: What is written anew whenever a guest starts, or changes while it runs; facts that stand there are declared volatile.
_NOTED = clark("metadata/nova:instance/nova:creationTime")
_DRAWN = ("currentMemory", ".//alias", "seclabel/label", "seclabel/imagelabel", _NOTED)
_DRAWN_ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    ".": ("id",), ".//graphics": ("port", "tlsPort"), ".//console": ("tty",), ".//serial/source": ("path",),
    ".//console/source": ("path",), ".//channel/source": ("path",), ".//source": ("index",),
    ".//backingStore": ("index",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """A fact that is another than before, by the name that a test has for it; None where there was or is none.

    >>> print(Change("vcpu_pins[0]", frozenset({0, 1}), frozenset({2})))
    vcpu_pins[0]: 0-1 -> 2
    """

    fact: str
    before: object
    after: object

    def __str__(self) -> str:
        return f"{self.fact}: {shown(self.before)} -> {shown(self.after)}"


@dataclass(frozen=True, slots=True)
class Difference:
    """The facts that changed between two looks at a guest, and the lines of the XML that are others.

    Both leave out what is drawn anew whenever the guest starts, or changes while it runs.

    >>> one, two = (Domain.from_xml(f"<domain><name>{name}</name></domain>") for name in ("a", "b"))
    >>> print(Difference.between(one, two))
    name: 'a' -> 'b'
    <BLANKLINE>
    --- before
    +++ after
    @@ -1,3 +1,3 @@
     <domain>
    -  <name>a</name>
    +  <name>b</name>
     </domain>
    """

    changes: tuple[Change, ...]
    lines: tuple[str, ...] = ()

    @classmethod
    def between(cls, before: Domain, after: Domain) -> Difference:
        """Compare two looks at the same guest, or two guests."""
        old, new = _settled(before.xml), _settled(after.xml)
        lines = difflib.unified_diff(old, new, "before", "after", lineterm="", n=2)
        return cls(tuple(changes(before, after)), tuple(lines))

    def __str__(self) -> str:
        return "\n".join([*map(str, self.changes), *([""] if self.lines else []), *self.lines])


def changes(before: object, after: object, name: str = "") -> Iterator[Change]:
    """The facts that differ, down to single values; ``name`` is what the two are called.

    >>> print(*changes({"vda": "none"}, {"vda": "writeback", "vdb": "none"}, "cache"), sep="\\n")
    cache['vda']: 'none' -> 'writeback'
    cache['vdb']: none -> 'none'
    """
    if isinstance(before, Part) and type(before) is type(after):
        for fact in facts_of(type(before)):
            if not fact.volatile:
                inner = f"{name}.{fact.name}".removeprefix(".")
                yield from changes(getattr(before, fact.name), getattr(after, fact.name), inner)
    elif isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in {**before, **after}:
            yield from changes(before.get(key), after.get(key), f"{name}[{key!r}]")
    elif isinstance(before, tuple) and isinstance(after, tuple):
        yield from _in_order(before, after, name)
    elif before != after:
        yield Change(name, before, after)


def _in_order(before: Sequence[object], after: Sequence[object], name: str) -> Iterator[Change]:
    """What stays at the beginning and at the end is no change, whatever came or went between."""
    same = 0
    while same < min(len(before), len(after)) and before[same] == after[same]:
        same += 1
    old, new = list(before[same:]), list(after[same:])
    while old and new and old[-1] == new[-1]:
        del old[-1], new[-1]
    for at in range(max(len(old), len(new))):
        was, is_now = (items[at] if at < len(items) else None for items in (old, new))
        yield from changes(was, is_now, f"{name}[{same + at}]")


def _settled(document: str) -> list[str]:
    """The lines of a document without what is drawn anew at each start."""
    if not document:
        return []
    root = parse(document)
    for element in [one for path in _DRAWN for one in root.iterfind(path)]:
        if (parent := element.getparent()) is not None:
            parent.remove(element)
    for path, names in _DRAWN_ATTRIBUTES.items():
        for element in root.iterfind(path):
            for name in names:
                element.attrib.pop(name, "")
    return etree.tostring(root, pretty_print=True, encoding="unicode").splitlines()
