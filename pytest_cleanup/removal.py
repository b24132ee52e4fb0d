"""Carrying out a plan: everything as soon as nothing holds it, many at a time, until it is really gone."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, Any

from pytest_cleanup.case import Case, Failure, LastResort, State, Witness
from pytest_cleanup.kind import Kind
from pytest_cleanup.plan import Plan
from pytest_cleanup.resource import Key, Resource
from pytest_whitebox.core.errors import StackproofError

if TYPE_CHECKING:
    from pytest_cleanup.view import View

WORKERS = 8
_TICK = 0.05
#: Seconds after which what was in the way is tried again.
PAUSE = 1.0
_FIRST, _LAST, _SLOWER = 0.3, 4.0, 1.5  # pauses between two looks at what lingers, more each time


@dataclass(slots=True)
class _Looks:
    """When the kind is looked at next, and whether it is looked at now."""

    every: float
    due: float = 0.0
    under_way: bool = False


class Removal:
    """Deletes what a plan says; `run` tells what is gone and what stays.

    What waits for something that stays is not touched, so that nothing is orphaned. ``told`` hears of each that is
    gone or stays, ``witness`` before each step of a ladder.
    """

    def __init__(
        self, view: View, kinds: Mapping[str, Kind], plan: Plan, everything: Mapping[Key, Resource], *,
        workers: int = WORKERS, pause: float = PAUSE, witness: Witness | None = None,
        last_resort: LastResort | None = None, told: Callable[[Resource, str], None] = lambda _, __: None,
    ) -> None:  # fmt: skip
        self._view, self._everything, self._told, self._workers = view, everything, told, workers
        self._witness, self._last_resort = witness, last_resort
        self._cases = {one.resource.key: Case(one, kinds[one.resource.kind]) for one in plan.deletions}
        self._kinds = {kind: kinds[kind] for kind in {key.kind for key in self._cases}}
        self._pause = pause
        self._looks = {kind: _Looks(_FIRST * pause) for kind in self._kinds}
        self._hearing: dict[Future[Any], Callable[[Future[Any]], None]] = {}
        self._idle = Event()

    def run(self) -> tuple[list[Resource], list[Failure]]:
        """Delete all that can be; what is gone then, and what stays."""
        with ThreadPoolExecutor(self._workers) as pool:
            while any(not case.over for case in self._cases.values()):
                self._ask(pool)
                self._look(pool)
                self._hear()
        gone = [case.resource for case in self._cases.values() if case.state is State.GONE]
        return gone, [self._failure(case) for case in self._cases.values() if case.state is State.STAYS]

    def _ask(self, pool: ThreadPoolExecutor) -> None:
        """Begin with what nothing holds any more, and again with what has paused."""
        for case in self._cases.values():
            if case.state is State.WAITS:
                self._advance(case)
            if case.state is State.PAUSES and case.due <= time.monotonic():
                case.state = State.ASKED
                future = pool.submit(case.attempt, self._view, self._witness, self._last_resort)
                self._hearing[future] = lambda done, case=case: self._answered(case, done.result())  # type: ignore[misc]

    def _advance(self, case: Case) -> None:
        stays = [key for key in sorted(case.deletion.after) if self._cases[key].state is State.STAYS]
        if stays:
            self._end(case, State.STAYS, f"{stays[0]} has to go before it")
        elif all(self._cases[key].state is State.GONE for key in case.deletion.after):
            # What belongs to others has gone with them, as a rule: look before it is asked for.
            case.state = State.LINGERS if case.deletion.owners else State.PAUSES
            case.due = 0.0

    def _answered(self, case: Case, state: State) -> None:
        if state in (State.GONE, State.STAYS):
            self._end(case, state, case.words)
        case.state = state
        case.due = time.monotonic() + (case.kind.patience if state is State.LINGERS else self._pause * case.pauses)

    def _look(self, pool: ThreadPoolExecutor) -> None:
        """List each kind of which some linger, when it is due."""
        for name, looks in self._looks.items():
            lingering = [case for key, case in self._cases.items() if key.kind == name and case.state is State.LINGERS]
            if not lingering or looks.under_way or looks.due > time.monotonic():
                continue
            looks.under_way = True
            future = pool.submit(self._kinds[name].left, self._view, [case.resource for case in lingering])
            self._hearing[future] = lambda done, looks=looks, cases=lingering: self._seen(looks, cases, done)  # type: ignore[misc]

    def _seen(self, looks: _Looks, cases: list[Case], done: Future[Mapping[str, str | None]]) -> None:
        looks.under_way, looks.due = False, time.monotonic() + looks.every
        looks.every = min(looks.every * _SLOWER, _LAST * self._pause)
        try:
            left = done.result()
        except StackproofError as error:
            for case in cases:
                if case.due <= time.monotonic():
                    self._end(case, State.STAYS, f"it cannot be seen whether it is gone: {error}")
            return
        for case in cases:
            self._judge(case, left)

    def _judge(self, case: Case, left: Mapping[str, str | None]) -> None:
        """Gone, or still on its way, or not going."""
        if case.resource.id not in left:
            self._end(case, State.GONE, "")
            return
        status = left[case.resource.id]
        if not case.asked:
            case.state, case.due = State.PAUSES, 0.0
        elif status in case.kind.stuck or case.due <= time.monotonic():
            case.fails(f"it was to be deleted, and is {status or 'still there'}")
            case.state, case.due = State.PAUSES, 0.0

    def _end(self, case: Case, state: State, words: str) -> None:
        case.state, case.words = state, words
        self._told(case.resource, "is gone" if state is State.GONE else f"stays: {words}")

    def _hear(self) -> None:
        if not self._hearing:
            self._idle.wait(_TICK)
            return
        done, _ = wait(self._hearing, timeout=_TICK, return_when=FIRST_COMPLETED)
        for future in done:
            self._hearing.pop(future)(future)

    def _failure(self, case: Case) -> Failure:
        others = [key for key in sorted(case.deletion.after) if self._cases[key].state is State.STAYS]
        gone = {key for key, case in self._cases.items() if case.state is State.GONE}
        return case.failure({key: one for key, one in self._everything.items() if key not in gone}, others)
