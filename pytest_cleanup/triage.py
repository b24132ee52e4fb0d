"""What is to be done about a difference: deleted, set back, made again, or kept, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pytest_cleanup.difference import Change, Difference, difference
from pytest_cleanup.keeping import Keepers
from pytest_cleanup.kind import Kind
from pytest_cleanup.look import Look
from pytest_cleanup.resource import Key, Resource
from pytest_cleanup.scope import Scope

#: Seconds in which a request that had been sent before the snapshot may have ended.
_AT_ONCE = 2.0


@dataclass(frozen=True, slots=True)
class Triage:
    """``leaks``, ``changes`` and ``lost`` are ours, ``kept``, ``others`` and ``gone`` are not touched.

    What is lost or gone is in the snapshot and not there any more. The first three and the kept come with their reason;
    ``unknown`` are kinds of which it is not known what there was.
    """

    leaks: Mapping[Key, str]
    changes: Sequence[tuple[Change, str]]
    lost: Sequence[tuple[Resource, str]]
    kept: Sequence[tuple[Resource, str]]
    others: Sequence[Change]
    gone: Sequence[Resource]
    unknown: Mapping[str, str]


def triage(
    before: Look, now: Look, kinds: Mapping[str, Kind], scope: Scope, keepers: Keepers | None = None
) -> tuple[Triage, Difference]:
    """Sort what differs between a snapshot and now."""
    found, keepers = difference(before, now), keepers or Keepers()
    held = keepers.kept(now.resources, {one.key for one in found.appeared})
    kept: dict[Key, str] = {}
    limit = before.taken - timedelta(seconds=max(before.skew, now.skew) + _AT_ONCE)
    for one in found.appeared:
        if why := _spared(one, kinds[one.kind], limit) or (held[one.key].why if one.key in held else None):
            kept[one.key] = why
    candidates = {one.key: one for one in found.appeared if one.key not in kept}
    owned = scope.owned(candidates)
    for key in candidates.keys() - owned.keys():
        kept[key] = f"not ours: not of {scope.name}"
    as_it_is = {key for key, one in held.items() if one.as_it_is}
    changed = (change for change in found.changed if change.now.key not in as_it_is)
    changes = [(change, why) for change in changed if (why := scope.changed(change))]
    ours = {id(change) for change, _ in changes}
    others = [change for change in found.changed if id(change) not in ours]
    lost = [(one, why) for one in found.gone if not keepers.own(one) and (why := scope.lost(one))]
    mine = {one.key for one, _ in lost}
    gone = [one for one in found.gone if one.key not in mine]
    pairs = [(now.resources[key], why) for key, why in sorted(kept.items())]
    return Triage(owned, changes, lost, pairs, others, gone, _unknown(before, now)), found


def _spared(one: Resource, kind: Kind, limit: datetime) -> str | None:
    if not kind.leaks:
        return f"{kind.service} makes it by itself"
    if one.created and datetime.fromisoformat(one.created) < limit:
        return f"is of {one.created}, before the snapshot, which missed it"
    return None


def _unknown(before: Look, now: Look) -> Mapping[str, str]:
    told = {kind: f"could not be listed now: {why}" for kind, why in now.failed.items()}
    for kind in (now.listed | before.listed) - (now.listed & before.listed) - told.keys():
        missing = "is not there any more" if kind in before.listed else "is not in the snapshot"
        told[kind] = before.failed.get(kind, missing)
    return told
