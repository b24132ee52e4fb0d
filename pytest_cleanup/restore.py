"""Setting a cloud back to a snapshot, and proving that it is."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_cleanup.case import Failure, LastResort, Witness
from pytest_cleanup.difference import Change
from pytest_cleanup.errors import ApiError
from pytest_cleanup.keeping import Keepers
from pytest_cleanup.kind import Kind
from pytest_cleanup.look import look
from pytest_cleanup.plan import plan
from pytest_cleanup.removal import PAUSE, Removal
from pytest_cleanup.resource import Key, Resource
from pytest_cleanup.scope import Scope
from pytest_cleanup.triage import Triage, triage
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.wait import WaitTimeout, wait_for

if TYPE_CHECKING:
    from pytest_cleanup.look import Look
    from pytest_cleanup.view import View

_ROUNDS = 3  # of looking and deleting: what was deleted may have made something else appear


@dataclass(frozen=True, slots=True)
class How:
    """How it is done: whom to ask for more, how long to wait, and who hears of it."""

    keepers: Keepers | None = None
    witness: Witness | None = None
    last_resort: LastResort | None = None
    pause: float = PAUSE
    told: Callable[[Resource, str], None] = lambda _, __: None


@dataclass(slots=True)
class Restoration:
    """What was done, and ``left``: what still differs in what is ours from the ``goal``, what the cloud should be."""

    deleted: list[Resource] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    restored: list[Change] = field(default_factory=list)
    remade: list[Resource] = field(default_factory=list)
    unrestored: dict[str, str] = field(default_factory=dict)
    left: Triage | None = None
    calls: int = 0
    seconds: float = 0.0
    goal: str = "as it was"

    @property
    def proof(self) -> str:
        """Whether the last look at the cloud has found it so, in words."""
        return f"the cloud is {'' if self.equal else 'NOT '}{self.goal}"

    @property
    def tried(self) -> int:
        """How many things were to go."""
        return len(self.deleted) + (len(self.left.leaks) if self.left is not None else 0)

    @property
    def equal(self) -> bool:
        """True if the cloud is proved to be as it was, but for what is told as not ours."""
        left = self.left
        return left is not None and not (left.leaks or left.changes or left.lost or left.unknown)

    def as_json(self) -> dict[str, Any]:
        """What was done, as JSON's types."""
        return {
            "deleted": [one.as_json() for one in self.deleted], "failures": [one.as_json() for one in self.failures],
            "not restored": self.unrestored, "equal": self.equal, "calls": self.calls,
            "seconds": round(self.seconds, 3),
        }  # fmt: skip


def restore(
    view: View, kinds: Mapping[str, Kind], before: Look, now: Look, scope: Scope, how: How | None = None
) -> Restoration:
    """Delete what is ours and not in the snapshot, set back what changed, and look again.

    ``now`` is a look at the cloud that was found fit to be judged by (`refusal.check`).
    """
    how = how or How()
    began, asked = time.monotonic(), view.calls.total()
    done = Restoration()
    gone: list[Resource]
    found, _ = triage(before, now, kinds, scope, how.keepers)
    for _ in range(_ROUNDS):
        _set_back(view, kinds, found, done, how)
        gone, done.failures = [], []
        if found.leaks:
            gone, done.failures = remove(view, kinds, found.leaks, now, how)
            done.deleted += gone
            if gone:
                _set_back(view, kinds, found, done, how)
        tried = set(found.leaks)
        now = look(view, kinds.values())
        found, _ = triage(before, now, kinds, scope, how.keepers)
        # What stayed may go now that more is gone: limits that nobody is shown go with their projects.
        if not (gone and found.leaks) and not set(found.leaks) - tried and not (found.changes and not done.unrestored):
            break
    done.left, done.calls, done.seconds = found, view.calls.total() - asked, time.monotonic() - began
    return done


def remove(
    view: View, kinds: Mapping[str, Kind], leaks: Mapping[Key, str], now: Look, how: How
) -> tuple[list[Resource], list[Failure]]:
    """Delete these of what there is now, in the order of their plan; what is gone then, and what stays."""
    removal = Removal(
        view, kinds, plan(leaks, now.resources), now.resources, pause=how.pause, witness=how.witness,
        last_resort=how.last_resort, told=how.told,
    )  # fmt: skip
    return removal.run()


def _set_back(view: View, kinds: Mapping[str, Kind], found: Triage, done: Restoration, how: How) -> None:
    """Set back what is not yet; what fails is told, and tried again when more is gone."""
    asked: dict[str, list[Change]] = defaultdict(list)
    for change, _ in found.changes:
        if change not in done.restored:
            name = str(change.now)
            try:
                kinds[change.now.kind].restore(view, change.was, change.now)
            except StackproofError as error:
                done.unrestored[name] = error.sentence
            else:
                done.unrestored.pop(name, None)
                done.restored.append(change)
                asked[change.now.kind].append(change)
    for lost, _ in found.lost:
        if lost not in done.remade:
            try:
                kinds[lost.kind].remake(view, lost)
            except StackproofError as error:
                done.unrestored[str(lost)] = error.sentence
            else:
                done.unrestored.pop(str(lost), None)
                done.remade.append(lost)
    for name, changes in asked.items():
        if kinds[name].lingers:
            _settle(view, kinds[name], changes, how.pause)


def _settle(view: View, kind: Kind, changes: Sequence[Change], pause: float) -> None:
    """Wait for what a service does after it has answered, such as starting a server; the next look tells the rest."""

    def settled() -> bool:
        now = {one.key: one for one in kind.listing(view.fresh())}
        return not any(Change(one.was, now[one.was.key]).names for one in changes if one.was.key in now)

    with suppress(WaitTimeout, ApiError):
        wait_for(settled, timeout=kind.patience, every=pause, what=f"every {kind.name} to be what it was")
