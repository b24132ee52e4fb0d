"""What the observer saw of the probes of a test: the outages and the slowness of a phase, never guessed."""

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
    from pytest_upgrade.observers.probe import Probe
    from pytest_upgrade.phases.session import Session

#: Requests of each lane before a phase is judged by them, and the seconds to wait for them.
_FEWEST, _PATIENCE = 5, 60.0


@dataclass(frozen=True, repr=False)
class Timeline:
    """The lanes of some probes in a window of time; ``before`` is the time that it is compared with.

    What is not known raises `Inconclusive` when it is asked for: an empty timeline is an error and never a pass.
    """

    lanes: Sequence[Series]
    control: Sequence[Series]
    window: Window
    before: Window
    steps: Sequence[StepSpan]
    limits: Thresholds

    @classmethod
    def of(cls, session: Session, probes: Sequence[Probe], limits: Thresholds) -> Timeline:
        """The phase so far: all of pre, the upgrade itself, or all since it ended; raises `Inconclusive`."""
        window = _window(session)
        lanes = _wait_for_lanes(session, probes, window)
        control = [one for one in Samples(session.directory.path).series() if one.lane.role == "control"]
        upgrade = window_of(session.store, session.run) or window
        steps = spans(session.store.events.of(session.run.id))
        return cls(lanes, control, window, (0.0, min(window[0], upgrade[0])), steps, limits)

    def __repr__(self) -> str:
        """As a failed assertion shows it."""
        return f"<timeline of {', '.join(f'{len(one)} x {one.lane.name}' for one in self.lanes)}>"

    @cached_property
    def outages(self) -> list[Finding]:
        """What failed, each with its lane, its length and its steps; raises `Inconclusive` if not enough was seen."""
        return _failed(downtime.judge(self.lanes, self.control, self.window, self.steps, self.limits))

    @cached_property
    def slowness(self) -> list[Finding]:
        """What took longer than before; before the upgrade there is nothing to compare with, and nothing is slow."""
        if self.before[1] >= self.window[1]:
            return []
        return _failed(impact.judge(self.lanes, self.before, self.window, self.steps, self.limits))


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


def _wait_for_lanes(session: Session, probes: Sequence[Probe], window: Window) -> list[Series]:
    """The lanes of the probes, once each has a few samples in the window; those of a time to come are waited for."""
    wanted = {probe.operation for probe in probes}
    samples = Samples(session.directory.path)

    def enough() -> list[Series]:
        lanes = [one for one in samples.series() if one.lane.operation in wanted]
        until = float("inf") if session.phase is not Phase.DURING else window[1]
        seen = all(len(one.between(window[0], until)) >= _FEWEST for one in lanes)
        return lanes if seen and {one.lane.operation for one in lanes} == wanted else []

    try:
        patience = 2.0 if session.phase is Phase.DURING else _PATIENCE
        return wait_for(enough, timeout=patience, every=0.5, what="samples") or []
    except WaitTimeout:
        known = {one.lane.operation for one in samples.series()}
        why = f"not observed in this phase: {', '.join(sorted(wanted - known or wanted))}"
        raise Inconclusive(why, hint=f"observed are: {', '.join(sorted(known)) or 'none'}") from None
