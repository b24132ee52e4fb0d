"""What a run left, as lines on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from pytest_cleanup.aftermath import Aftermath
from pytest_cleanup.evidence.bugreport import groups
from pytest_cleanup.leak import Leak
from pytest_cleanup.resource import Key

_SHOWN = 20  # leaks of one cause, and lines of anything else, that are shown; the file has all
_HOW = "{} more, see the file"


def lines(told: Aftermath, file: Path) -> Iterator[str]:
    """All of it: causes with their leaks, what was not touched, and where to read on."""
    for cause, leaks in groups(told.leaks):
        yield f"{len(leaks)} x {cause}"
        for leak in leaks[:_SHOWN]:
            yield from _leak(leak, told.folders)
        if len(leaks) > _SHOWN:
            yield f"  {_HOW.format(len(leaks) - _SHOWN)}"
    yield from _some("plan: ", told.plan)
    yield from _some("", [line for failure in (told.done.failures if told.done else ()) for line in failure.lines()])
    yield from _some("not set back: ", list((told.done.unrestored if told.done else {}).values()))
    yield from _some("changed: ", told.changes)
    yield from _some("gone since: ", [str(one) for one in told.lost])
    yield from _some("kept: ", [f"{one}: {why}" for one, why in told.others])
    yield from _some("behind the APIs: ", told.beneath)
    yield from _some("not looked behind the APIs: ", told.unseen)
    yield from _some("not looked at: ", [f"{kind}: {why}" for kind, why in told.unknown.items()])
    yield from (f"bug report: {path}" for path in told.reports)
    yield f"all of it: {file}"
    yield told.verdict


def _leak(leak: Leak, folders: Mapping[Key, Path]) -> Iterator[str]:
    yield f"  {leak.sentence}"
    yield f"      made by {leak.attribution or 'nobody that is known'}"
    if leak.is_bug and leak.resource.key in folders:
        yield f"      evidence: {folders[leak.resource.key]}"


def _some(word: str, all_: tuple[str, ...] | list[str]) -> Iterator[str]:
    yield from (f"{word}{line}" for line in all_[:_SHOWN])
    if len(all_) > _SHOWN:
        yield f"{word}{_HOW.format(len(all_) - _SHOWN)}"
