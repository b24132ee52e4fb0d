"""Zero downtime: no request fails that would have been answered otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from pytest_upgrade.observers.result import Result
from pytest_upgrade.verdicts.outages import Outage, outages
from pytest_upgrade.verdicts.series import Series
from pytest_upgrade.verdicts.steps import StepSpan, within
from pytest_upgrade.verdicts.thresholds import Thresholds
from pytest_upgrade.verdicts.verdict import Finding, Word

Window = tuple[float, float]
#: Seconds before a request in which what another saw belongs to it.
_CLOSE = 1.0


def judge(
    lanes: Sequence[Series], control: Sequence[Series], window: Window, steps: Sequence[StepSpan], limits: Thresholds
) -> list[Finding]:
    """What the rules find in the lanes of one service within the time of the upgrade."""
    sound = [lane for lane in lanes if not _never_worked(lane, window[0])]
    seen = [lane.between(*window) for lane in sound]
    found = [
        Finding("baseline", Word.INCONCLUSIVE, "did not work before the upgrade either", lane.lane.name)
        for lane in lanes if lane not in sound
    ]  # fmt: skip
    found += [*_outages(seen, control, steps, limits)]
    found += [finding for lane in seen for finding in _coverage(lane, window, limits)]
    if not lanes:
        found.append(Finding("coverage", Word.INCONCLUSIVE, "no lane observes the service"))
    return found


def resolution(lanes: Sequence[Series], window: Window) -> str:
    """What a pass does not exclude: shorter outages, and rarer failures."""
    if not lanes:
        return "nothing was observed"
    period = min(lane.lane.period for lane in lanes)
    count = sum(len(lane.between(*window)) for lane in lanes)
    rate = f", failure rate below {100 * 3 / count:.2g} % (95 %, {count} requests)" if count else ""
    return f"no outage of {period * 2:g} s or more{rate}"


def _never_worked(lane: Series, until: float) -> bool:
    """True if most of its requests before the upgrade failed: then it says nothing of the upgrade."""
    before = lane.between(0, until)
    return 2 * len(before.failures) > len(before) > 0


def _outages(
    seen: Sequence[Series], control: Sequence[Series], steps: Sequence[StepSpan], limits: Thresholds
) -> Iterator[Finding]:
    for lane in seen:
        others = [other for other in seen if other is not lane]
        single: list[Outage] = []
        for outage in outages(lane.eventful):
            near = _near(lane, outage)
            if any(one.between(*near).failures for one in control):
                yield _finding("network", Word.INCONCLUSIVE, lane, outage, steps, ", as did the control lane")
            elif outage.slots >= 2 or any(other.between(*near).failures for other in others):
                yield _finding("outage", Word.FAIL, lane, outage, steps)
            else:
                single.append(outage)
        word = Word.FAIL if len(single) > limits.single else Word.PASS
        yield from (_finding("single", word, lane, outage, steps) for outage in single)


def _finding(rule: str, word: Word, lane: Series, outage: Outage, steps: Sequence[StepSpan], more: str = "") -> Finding:
    met = within(steps, outage.begin, outage.until)
    return Finding(rule, word, f"{outage}{more}", lane.lane.name, outage.begin, outage.until, met)


def _near(lane: Series, outage: Outage) -> Window:
    """When another lane has to fail to have seen the same, and the control lane to say that it was our own network."""
    if lane.lane.canary is None:
        return outage.begin - lane.lane.period, outage.until + lane.lane.period
    # Its slots are far apart: only its own requests count, not all the time between two of them.
    return outage.begin - _CLOSE, outage.last_failed + lane.lane.timeout


def _coverage(lane: Series, window: Window, limits: Thresholds) -> Iterator[Finding]:
    """Whether so much was seen that a pass means something."""
    expected = int((window[1] - window[0]) / lane.lane.period)
    useful = len(lane) - lane.result.count(Result.BROKEN) - lane.result.count(Result.EXPIRED)
    missing = max(0, expected - useful)
    longest, at = _longest_unseen(lane, window)
    if missing > max(limits.unseen * expected, 1) or longest > (limits.longest_unseen + 1) * lane.lane.period:
        text = f"{missing} of {expected} slots were not seen, the longest time without any was {longest:.1f} s"
        yield Finding("coverage", Word.INCONCLUSIVE, text, lane.lane.name, at, at + longest)


def _longest_unseen(lane: Series, window: Window) -> tuple[float, float]:
    """The longest time without a sample, and when it began."""
    instants = [window[0], *lane.due, window[1]]
    return max((after - before, before) for before, after in pairwise(instants))
