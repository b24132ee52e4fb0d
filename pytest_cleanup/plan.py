"""In which order resources go: a graph between them, not between their kinds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pytest_cleanup.resource import Key, Reference, Relation, Resource


@dataclass(frozen=True, slots=True)
class Deletion:
    """One of the plan: ``why`` it goes, ``after`` which others, ``owners`` with which it may go by itself.

    ``spares`` is what it would take along and that is kept.
    """

    resource: Resource
    why: str
    level: int
    after: frozenset[Key]
    owners: frozenset[Key] = frozenset()
    spares: tuple[Reference, ...] = ()

    @property
    def order(self) -> str:
        """Why it goes when it goes."""
        if self.owners:
            return f"goes with {_few(self.owners)}"
        return f"after {_few(self.after)}" if self.after else "at once"


@dataclass(frozen=True, slots=True)
class Plan:
    """All deletions, in their order."""

    deletions: tuple[Deletion, ...]

    @property
    def levels(self) -> int:
        """How many steps there are in which all can go at the same time."""
        return max((one.level for one in self.deletions), default=-1) + 1

    def lines(self) -> Iterator[str]:
        """What a reader wants to know: the order, and the reason for each."""
        for number, one in enumerate(self.deletions, 1):
            spares = "".join(f"; without {ref.key}, which is kept" for ref in one.spares)
            yield f"{number:4}. {one.resource}: {one.why}; {one.order}{spares}"


def plan(leaks: Mapping[Key, str], everything: Mapping[Key, Resource]) -> Plan:
    """The order in which the leaks go; what holds another goes before it.

    >>> port = Resource("port", "p", refs=(Reference(Relation.USES, "network", "n"),))
    >>> there = {one.key: one for one in (port, Resource("network", "n"))}
    >>> print(*plan(dict.fromkeys(there, "a leak"), there).lines(), sep="\\n")
       1. port p: a leak; at once
       2. network n: a leak; after port p
    """
    going = {key: everything[key] for key in leaks}
    owners = {key: frozenset(_owners(one, going)) for key, one in going.items()}
    for key, one in going.items():
        for ref in one.refs:
            if ref.relation is Relation.TAKES and ref.key in going:
                owners[ref.key] |= {key}
    after: dict[Key, set[Key]] = {key: set(owners[key]) for key in going}
    for key, one in going.items():
        for used in _used(one):
            if used in going and used != key and used not in owners[key]:
                after[used].add(key)
    levels = _levels(after)
    deletions = [
        Deletion(
            one, leaks[key], levels[key], frozenset(after[key]), owners[key],
            tuple(ref for ref in one.refs if ref.relation is Relation.TAKES and ref.key not in going),
        )
        for key, one in going.items()
    ]  # fmt: skip
    return Plan(tuple(sorted(deletions, key=lambda one: (one.level, one.resource.key))))


def _owners(one: Resource, going: Mapping[Key, Resource]) -> Iterator[Key]:
    return (ref.key for ref in one.refs if ref.relation is Relation.PART_OF and ref.key in going)


def _used(one: Resource) -> Iterator[Key]:
    """What cannot go before it: what it says it uses, and whose it is."""
    yield from (ref.key for ref in one.refs if ref.relation is Relation.USES)
    if one.project:
        yield Key("project", one.project)
    if one.user:
        yield Key("user", one.user)


def _levels(after: dict[Key, set[Key]]) -> dict[Key, int]:
    """How many steps come before each; what waits for itself in a ring starts where the ring is first reached."""
    levels: dict[Key, int] = {}
    level = 0
    while len(levels) < len(after):
        ready = [key for key in after if key not in levels and after[key] <= levels.keys()]
        if not ready:
            first = min(
                (key for key in after if key not in levels), key=lambda key: (len(after[key] - levels.keys()), key)
            )
            after[first] &= levels.keys()
            ready = [first]
        levels.update(dict.fromkeys(ready, level))
        level += 1
    return levels


def _few(keys: frozenset[Key]) -> str:
    shown = sorted(str(key) for key in keys)
    return ", ".join(shown[:3]) + (f" and {len(shown) - 3} more" if len(shown) > 3 else "")
