"""Carrying out a plan: everything as soon as nothing holds it, many at a time, until it is really gone."""

from __future__ import annotations

import heapq
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from pytest_cleanup.case import TRIES_OF_AWAY, Case, Failure, LastResort, State, Witness, away
from pytest_cleanup.kind import Kind
from pytest_cleanup.plan import Plan
from pytest_cleanup.resource import Key, Resource
from pytest_whitebox.core.errors import StackproofError

if TYPE_CHECKING:
    from pytest_cleanup.view import View

#: Seconds after which what was in the way is tried again.
PAUSE = 1.0
_FIRST, _LAST, _SLOWER = 0.3, 4.0, 1.5  # pauses between two looks at what lingers, more each time
#: How many requests long it is until something that lingers is gone, to begin with what takes longest.
_LINGERING = 8


@dataclass(slots=True)
class _Kind:
    """What of a kind lingers, when it is looked at next, and whether it is looked at now."""

    kind: Kind
    lingering: dict[Key, Case] = field(default_factory=dict)
    every: float = 0.0
    due: float = 0.0
    under_way: bool = False
    #: Looks in a row that failed.
    failed: int = 0


class Removal:
    """Deletes what a plan says; `run` tells what is gone and what stays.

    What waits for something that stays is not touched, so that nothing is orphaned. ``told`` hears of each that is
    gone or stays, ``witness`` before each step of a ladder.
    """

    def __init__(
        self, view: View, kinds: Mapping[str, Kind], plan: Plan, everything: Mapping[Key, Resource], *,
        pause: float = PAUSE, witness: Witness | None = None, last_resort: LastResort | None = None,
        told: Callable[[Resource, str], None] = lambda _, __: None,
    ) -> None:  # fmt: skip
        self._view, self._everything, self._told, self._pause = view, everything, told, pause
        self._witness, self._last_resort = witness, last_resort
        self._cases = {one.resource.key: Case(one, kinds[one.resource.kind]) for one in plan.deletions}
        self._kinds = {name: _Kind(kinds[name]) for name in {key.kind for key in self._cases}}
        self._holding = {key: len(case.deletion.after) for key, case in self._cases.items()}
        self._waiting: Mapping[Key, list[Key]] = _waiting(plan)
        self._urgency = _urgency(self._cases, self._waiting)
        self._ready: list[tuple[int, Key]] = []
        self._pausing: set[Key] = set()
        self._left, self._asked = len(self._cases), 0
        self._answers: SimpleQueue[Callable[[], None]] = SimpleQueue()

    def run(self) -> tuple[list[Resource], list[Failure]]:
        """Delete all that can be; what is gone then, and what stays."""
        for key in [key for key, holding in self._holding.items() if not holding]:
            self._free(key)
        with ThreadPoolExecutor(self._view.pace.at_once + len(self._kinds)) as pool:
            while self._left:
                self._ask(pool)
                self._look(pool)
                self._hear()
        gone = [case.resource for case in self._cases.values() if case.state is State.GONE]
        there = {key: one for key, one in self._everything.items() if not self._is(key, State.GONE)}
        stay = (case for case in self._cases.values() if case.state is State.STAYS)
        return gone, [case.failure(there, self._others(case)) for case in stay]

    def _free(self, key: Key) -> None:
        """Nothing holds it any more."""
        case = self._cases[key]
        if case.deletion.owners:
            # What belongs to others has gone with them, as a rule: look before it is asked for.
            self._linger(case, time.monotonic())
        else:
            self._try(case)

    def _try(self, case: Case, after: float = 0.0) -> None:
        """Ask for it as soon as there is room, or after so many seconds."""
        case.state, case.due = State.PAUSES, time.monotonic() + after
        if after:
            self._pausing.add(case.resource.key)
        else:
            heapq.heappush(self._ready, (-self._urgency[case.resource.key], case.resource.key))

    def _linger(self, case: Case, due: float) -> None:
        """Wait until it is seen gone, at most until then."""
        case.state, case.due = State.LINGERS, due
        kind = self._kinds[case.kind.name]
        if not kind.lingering:
            kind.every = _FIRST * self._pause
        kind.lingering[case.resource.key] = case

    def _ask(self, pool: ThreadPoolExecutor) -> None:
        """Begin with what nothing holds any more, the longest way first, and again with what has paused."""
        now = time.monotonic()
        for key in [key for key in self._pausing if self._cases[key].due <= now]:
            self._pausing.remove(key)
            self._try(self._cases[key])
        while self._ready and self._asked < self._view.pace.at_once:
            case = self._cases[heapq.heappop(self._ready)[1]]
            case.state = State.ASKED
            self._asked += 1
            future = pool.submit(case.attempt, self._view, self._witness, self._last_resort)
            self._when(future, lambda done, case=case: self._answered(case, done.result()))  # type: ignore[misc]

    def _answered(self, case: Case, state: State) -> None:
        self._asked -= 1
        if state is State.LINGERS:
            self._linger(case, time.monotonic() + case.kind.patience)
        elif state is State.PAUSES:
            self._try(case, self._pause * case.pauses)
        else:
            self._end(case, state, case.words)

    def _look(self, pool: ThreadPoolExecutor) -> None:
        """List each kind of which some linger, when it is due."""
        for kind in self._kinds.values():
            if not kind.lingering or kind.under_way or kind.due > time.monotonic():
                continue
            kind.under_way, cases = True, list(kind.lingering.values())
            future = pool.submit(kind.kind.left, self._view, [case.resource for case in cases])
            self._when(future, lambda done, kind=kind, cases=cases: self._seen(kind, cases, done))  # type: ignore[misc]

    def _seen(self, kind: _Kind, cases: list[Case], done: Future[Mapping[str, str | None]]) -> None:
        kind.under_way, kind.due = False, time.monotonic() + kind.every
        kind.every = min(kind.every * _SLOWER, _LAST * self._pause)
        try:
            left = done.result()
            kind.failed = 0
        except StackproofError as error:
            kind.failed += 1
            if away(error) and kind.failed < TRIES_OF_AWAY:
                kind.due = time.monotonic() + self._pause * (1 << (kind.failed - 1))
                return
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
        if case.asked:
            if status not in case.kind.stuck and case.due > time.monotonic():
                return
            case.fails(f"it was to be deleted, and is {status or 'still there'}")
        del self._kinds[case.kind.name].lingering[case.resource.key]
        self._try(case)

    def _end(self, case: Case, state: State, words: str) -> None:
        """It is gone, or stays, and then all stays that waits for it."""
        ended = [(case, words)]
        while ended:
            case, words = ended.pop()
            key = case.resource.key
            if case.over:
                continue
            case.state, case.words = state, words
            self._kinds[case.kind.name].lingering.pop(key, None)
            self._left -= 1
            self._told(case.resource, "is gone" if state is State.GONE else f"stays: {words}")
            for waiting in self._waiting.get(key, ()):
                if state is State.STAYS:
                    ended.append((self._cases[waiting], f"{key} has to go before it"))
                    continue
                self._holding[waiting] -= 1
                if not self._holding[waiting] and not self._cases[waiting].over:
                    self._free(waiting)

    def _when(self, future: Future[Any], heard: Callable[[Future[Any]], None]) -> None:
        """Have its answer heard by the thread that owns all this."""
        future.add_done_callback(lambda done: self._answers.put(lambda: heard(done)))

    def _hear(self) -> None:
        """Wait for the next answer, or until something is due; then hear all that there are."""
        if not self._left:
            return
        due = min(self._dues(), default=None)
        try:
            self._answers.get(timeout=None if due is None else max(0.0, due - time.monotonic()))()
            while True:
                self._answers.get_nowait()()
        except Empty:
            return

    def _dues(self) -> Iterator[float]:
        yield from (self._cases[key].due for key in self._pausing)
        yield from (kind.due for kind in self._kinds.values() if kind.lingering and not kind.under_way)

    def _others(self, case: Case) -> list[Key]:
        """What it has waited for in vain."""
        return [key for key in sorted(case.deletion.after) if self._is(key, State.STAYS)]

    def _is(self, key: Key, state: State) -> bool:
        return key in self._cases and self._cases[key].state is state


def _waiting(plan: Plan) -> Mapping[Key, list[Key]]:
    """What waits for each."""
    waiting: dict[Key, list[Key]] = defaultdict(list)
    for one in plan.deletions:
        for key in one.after:
            waiting[key].append(one.resource.key)
    return waiting


def _urgency(cases: Mapping[Key, Case], waiting: Mapping[Key, list[Key]]) -> dict[Key, int]:
    """How many requests it takes until each is gone and all that wait for it; the cases are in their order."""
    urgency: dict[Key, int] = {}
    for key in reversed(list(cases)):
        own = _LINGERING if cases[key].kind.lingers else 1
        urgency[key] = own + max((urgency[other] for other in waiting.get(key, ())), default=0)
    return urgency
