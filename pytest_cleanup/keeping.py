"""What is kept whatever else is wanted: what somebody speaks for, and what that stands on or consists of."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from pytest_cleanup.resource import Key, Relation, Resource

#: Says why a resource is kept whatever happens; None if nothing speaks for it.
Keeper = Callable[[Resource], str | None]

#: What can have something in it that is no part of it.
_PLACES = frozenset({"domain", "group", "project", "user"})
#: Kinds that tie two others together, or hang on one: kept with them if none of these goes.
_TIES: tuple[tuple[str, frozenset[str]], ...] = (
    ("floatingip", frozenset({"port"})),
    ("membership", frozenset({"group", "user"})),
    ("object", frozenset({"container"})),
    ("port", frozenset({"network", "router"})),
    *((f"{service}_quota", frozenset({"project"})) for service in ("compute", "network", "volume")),
    *(("role_assignment", frozenset({who, where})) for who in ("group", "user") for where in ("domain", "project")),
)


@dataclass(frozen=True, slots=True)
class Kept:
    """Why something is kept; ``as_it_is`` if it is not even set back to what it was."""

    why: str
    as_it_is: bool = False


@dataclass(frozen=True, slots=True)
class Keepers:
    """Who has a say: ``names`` speak for single things, ``owners`` for all that lies in theirs, and for how it is.

    A project that a configuration file names stays, and is emptied; the project of an upgrade that is not over is left
    as it is, with all that is in it.
    """

    names: tuple[Keeper, ...] = ()
    owners: tuple[Keeper, ...] = ()

    def kept(self, there: Mapping[Key, Resource], going: Collection[Key]) -> dict[Key, Kept]:
        """All that is kept of what there is; ``going`` is what would go if nobody had a say."""
        kept = {key: found for key, one in there.items() if (found := self._spoken(one))}
        while kept and (more := dict(_more(there, going, kept))):
            kept |= more
        return kept

    def own(self, one: Resource) -> str | None:
        """Why something that is gone is not brought back: it was theirs who have taken it away."""
        return next((why for keeper in self.owners if (why := keeper(one))), None)

    def _spoken(self, one: Resource) -> Kept | None:
        if why := self.own(one):
            return Kept(why, as_it_is=True)
        return next((Kept(why) for keeper in self.names if (why := keeper(one))), None)


def _more(
    there: Mapping[Key, Resource], going: Collection[Key], kept: Mapping[Key, Kept]
) -> Iterator[tuple[Key, Kept]]:
    """What is kept because of what is."""
    for key, one in there.items():
        if key in kept:
            for needed in _needs(one):
                if needed in going and needed not in kept:
                    yield needed, Kept(f"{one} needs it: {kept[key].why}")
        elif found := _within(one, kept) or _tied(one, going, kept):
            yield key, found


def _needs(one: Resource) -> Iterator[Key]:
    """What it cannot be without."""
    yield from (ref.key for ref in one.refs)
    yield Key("project", one.project or "")
    yield Key("user", one.user or "")


def _within(one: Resource, kept: Mapping[Key, Kept]) -> Kept | None:
    """What is part of something that is kept, or lies in what is kept as it is."""
    parts = [ref.key for ref in one.refs if ref.relation is Relation.PART_OF]
    for owner in (*parts, Key("project", one.project or ""), Key("user", one.user or "")):
        if owner in kept and (kept[owner].as_it_is or owner.kind not in _PLACES):
            return Kept(f"in {owner}: {kept[owner].why}", kept[owner].as_it_is)
    return None


def _tied(one: Resource, going: Collection[Key], kept: Mapping[Key, Kept]) -> Kept | None:
    """What ties things that are kept, and hangs on nothing that goes."""
    for kind, ends in _TIES:
        tied = {ref.key for ref in one.refs if ref.kind in ends} if kind == one.kind else set[Key]()
        if {key.kind for key in tied} != ends or any(key in going and key not in kept for key in tied):
            continue
        if held := sorted(key for key in tied if key in kept):
            return Kept(f"of {held[0]}: {kept[held[0]].why}")
    return None
