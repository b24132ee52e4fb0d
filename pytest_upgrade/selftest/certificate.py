"""What a trial says of the observer on this machine: fault by fault, injected against measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pytest_upgrade.selftest.proxy import Fault
from pytest_upgrade.selftest.trial import PERIOD, Injected, Trial
from pytest_upgrade.verdicts.impact import slow_windows
from pytest_upgrade.verdicts.outages import together
from pytest_upgrade.verdicts.quantiles import quantile
from pytest_upgrade.verdicts.series import Series
from pytest_upgrade.verdicts.thresholds import Thresholds

#: Of how many requests one fails: a fault that meets every third is seen up to three slots later.
_EVERY = {Fault.BACKEND: 3, Fault.RESET: 2}
#: What clocks and schedulers may add to a slot, in seconds.
_SLACK = 0.05


@dataclass(frozen=True, slots=True)
class Line:
    """A fault as a lane has seen it; ``ok`` is whether that is what was injected."""

    fault: Fault
    injected: float
    connection: str
    measured: str
    ok: bool

    def __str__(self) -> str:
        word = "found" if self.ok else "WRONG"
        return f"{word}  {self.fault:<30} {self.injected:5.1f} s  {self.connection:<6}  {self.measured}"


@dataclass(frozen=True)
class Certificate:
    """All lines, the jitter of the observer in seconds, and what it found that nobody had made."""

    lines: tuple[Line, ...]
    invented: tuple[str, ...]
    jitter: float
    priority: str

    @classmethod
    def of(cls, trial: Trial) -> Certificate:
        """Judge a trial."""
        lines = tuple(_line(trial, fault, lane) for fault in trial.injected for lane in trial.series)
        invented = tuple(f"{lane.lane.connection}: {one}" for lane in trial.series for one in trial.invented(lane))
        late = [late for lane in trial.series for late in lane.late]
        return cls(lines, invented, quantile(late, 0.99), trial.priority)

    @property
    def ok(self) -> bool:
        """True if each fault was found as it was, and nothing else."""
        return bool(self.lines) and all(line.ok for line in self.lines) and not self.invented

    def __iter__(self) -> Iterator[str]:
        yield from map(str, self.lines)
        yield f"invented: {'; '.join(self.invented) or 'nothing'}"
        yield f"start jitter p99: {1000 * self.jitter:.1f} ms, priority: {self.priority}"
        least = f"{2 * PERIOD:g} s surely, {PERIOD:g} s or shorter by chance"
        yield f"least detectable outage at {1 / PERIOD:g} requests a second and lane: {least}"
        yield f"this machine can measure: {'yes' if self.ok else 'NO'}"


def _line(trial: Trial, fault: Injected, lane: Series) -> Line:
    measured, ok = _slow(trial, fault, lane) if fault.fault is Fault.SLOW else _outage(trial, fault, lane)
    return Line(fault.fault, fault.seconds, lane.lane.connection, measured, ok)


def _outage(trial: Trial, fault: Injected, lane: Series) -> tuple[str, bool]:
    found = trial.seen(fault, lane)
    expected = not (fault.fault is Fault.RESET and lane.lane.connection == "new")
    if not found:
        return "nothing", not expected
    troubles = together(found, lane.due)
    first = troubles[0]
    begin, length = first.begin - fault.begin, (first.until - first.begin) - fault.seconds
    every = _EVERY.get(fault.fault, 1)
    # Where only every nth request fails, both ends are known to so many slots.
    slots = 1 if every == 1 else 2 * every
    near = abs(begin) <= every * PERIOD + _SLACK and abs(length) <= slots * PERIOD + _SLACK
    words = ", ".join(dict.fromkeys(word for one in found for word in one.words))
    share = "" if every == 1 else f", {100 * first.ratio:.0f} % of the requests"
    text = f"{first.until - first.begin:.1f} s, began {1000 * begin:+.0f} ms{share} ({words})"
    return text, expected and len(troubles) == 1 and near


def _slow(trial: Trial, fault: Injected, lane: Series) -> tuple[str, bool]:
    # What was under way when the first fault began is no measure of what is usual.
    baseline = lane.between(trial.begin, trial.injected[0].begin - 1.0)
    slow = slow_windows(baseline, lane.between(fault.begin, fault.end), Thresholds())
    share = max((window.share for window in slow), default=0.0)
    quiet = not trial.seen(fault, lane)
    usual = 1000 * quantile(baseline.censored, 0.99)
    return f"no outage, {100 * share:.0f} % of the requests took more than {usual:.0f} ms", bool(slow) and quiet
