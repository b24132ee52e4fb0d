"""What the observer saw of a test's probes and services: outages and slowness, never guessed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_upgrade.persistent.errors import Inconclusive
from pytest_upgrade.phases.phase import Phase
from pytest_upgrade.verdicts import downtime, impact
from pytest_upgrade.verdicts.downtime import Window
from pytest_upgrade.verdicts.judging import window_of
from pytest_upgrade.verdicts.samples import Samples
from pytest_upgrade.verdicts.series import Series
from pytest_upgrade.verdicts.steps import StepSpan, spans
from pytest_upgrade.verdicts.thresholds import Thresholds
from pytest_upgrade.verdicts.verdict import Finding, Word
from pytest_whitebox.core.wait import WaitTimeout, wait_for

if TYPE_CHECKING:
    from pytest_upgrade.observers.left_out import LeftOut
    from pytest_upgrade.observers.watched import Watched
    from pytest_upgrade.phases.session import Session

#: Requests of each lane before a phase is judged by them, and the seconds to wait for them.
_FEWEST, _PATIENCE = 5, 60.0


@dataclass(frozen=True, repr=False)
class Timeline:
    """The lanes of some probes and services in a window of time; ``before`` is the time that it is compared with.

    ``left_out`` is what of them nobody observes. What is not known raises `Inconclusive` when it is asked for: an empty
    timeline is an error and never a pass.
    """

    lanes: Sequence[Series]
    control: Sequence[Series]
    window: Window
    before: Window
    steps: Sequence[StepSpan]
    limits: Thresholds
    left_out: Sequence[LeftOut] = ()

    @classmethod
    def of(cls, session: Session, watched: Watched, limits: Thresholds) -> Timeline:
        """The phase so far: all of pre, the upgrade itself, or all since it ended; raises `Inconclusive`."""
        window = _window(session)
        lanes = _wait_for_lanes(session, watched, window)
        samples = Samples(session.directory.path)
        control = [one for one in samples.series() if one.lane.role == "control"]
        left_out = [one for one in samples.left_out() if watched.has(one.lane)]
        upgrade = window_of(session.store, session.run) or window
        steps = spans(session.store.events.of(session.run.id))
        return cls(lanes, control, window, (0.0, min(window[0], upgrade[0])), steps, limits, left_out)

    def __repr__(self) -> str:
        """As a failed assertion shows it."""
        seen = ", ".join(f"{len(one)} x {one.lane.name}" for one in self.lanes)
        return f"<timeline of {seen}{''.join(f'; left out: {one}' for one in self.left_out)}>"

    @cached_property
    def outages(self) -> list[Finding]:
        """What failed, each with its lane, its length and its steps; raises `Inconclusive` if not enough was seen."""
        return _failed(downtime.judge(self.lanes, self.control, self.window, self.steps, self.limits))

    @cached_property
    def slowness(self) -> list[Finding]:
        """What took longer than before; before the upgrade there is nothing to compare with, and nothing is slow."""
        if self.before[1] >= self.window[1]:
            return []
        # What is written so rarely says nothing of quantiles.
        reads = [one for one in self.lanes if one.lane.canary is None]
        if not reads:
            raise Inconclusive("nothing that reads is observed", hint="`pytest-upgrade judge` tells what was left out")
        return _failed(impact.judge(reads, self.before, self.window, self.steps, self.limits))


def _failed(found: Sequence[Finding]) -> list[Finding]:
    failed = [one for one in found if one.word is Word.FAIL]
    unsure = [one for one in found if one.word is Word.INCONCLUSIVE]
    if unsure and not failed:
        raise Inconclusive(str(unsure[0]), hint="`pytest-upgrade observe status` tells what was seen")
    return failed


def _window(session: Session) -> Window:
    now = time.time()
    upgrade = window_of(session.store, session.run)
    if session.phase is Phase.PRE:
        return 0.0, now
    if session.phase is Phase.POST:
        return (upgrade[1] if upgrade else 0.0), now
    began = session.ending.began if session.ending else now
    return upgrade if upgrade and upgrade[1] >= began else (began, now)


def _wait_for_lanes(session: Session, watched: Watched, window: Window) -> list[Series]:
    """The lanes that a test is about, once they have a few samples in the window; those to come are waited for."""
    samples = Samples(session.directory.path)
    until = float("inf") if session.phase is not Phase.DURING else window[1]

    def enough() -> list[Series]:
        lanes = [one for one in samples.series() if watched.has(one.lane)]
        return [] if _lacking(lanes, watched, (window[0], until)) else lanes

    try:
        patience = 2.0 if session.phase is Phase.DURING else _PATIENCE
        return wait_for(enough, timeout=patience, every=0.5, what="samples") or []
    except WaitTimeout:
        lanes = samples.series()
        lacking = _lacking(lanes, watched, (window[0], until)) or [*watched.operations, *watched.services]
        why = f"not observed in this phase: {', '.join(lacking)}"
        if left_out := [str(one) for one in samples.left_out() if watched.has(one.lane)]:
            why += f" (left out: {'; '.join(left_out)})"
        known = sorted({one.lane.operation for one in lanes})
        raise Inconclusive(why, hint=f"observed are: {', '.join(known) or 'none'}") from None


def _lacking(lanes: Sequence[Series], watched: Watched, window: Window) -> list[str]:
    """What has too few samples: a probe in any of its lanes; a service in all, or in one that is not as rare as writes.

    How much of a rare lane was seen is left to the rules.
    """
    seen = [(one.lane, len(one.between(*window))) for one in lanes if watched.has(one.lane)]
    found = []
    for operation in sorted(watched.operations):
        if min((count for lane, count in seen if lane.operation == operation), default=0) < _FEWEST:
            found.append(operation)
    for service in watched.services:
        own = [(lane, count) for lane, count in seen if lane.service == service]
        if sum(count for _, count in own) < _FEWEST:
            found.append(service)
        found += [lane.name for lane, count in own if lane.role == "probe" and count < _FEWEST and service not in found]
    return found
