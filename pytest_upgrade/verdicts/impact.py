"""Zero impact: no request takes longer than it did before, neither all the time nor for a while.

Two rules, of which either is enough. One ratio of quantiles over all of the upgrade never sees twenty slow seconds; a
window of fifteen seconds never sees ten percent. A test of ranks sees a difference where there is none, because
samples that follow each other are alike and there are many of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pytest_upgrade.verdicts.downtime import Window
from pytest_upgrade.verdicts.quantiles import blocks, quantile, ratio_bounds
from pytest_upgrade.verdicts.series import Series
from pytest_upgrade.verdicts.steps import StepSpan, within
from pytest_upgrade.verdicts.thresholds import Thresholds
from pytest_upgrade.verdicts.verdict import Finding, Word

#: Seconds of a block of the bootstrap.
_BLOCK = 30.0
#: A window has at least so many samples, so that one slow request in it is no tenth of all.
_FEWEST = 75


@dataclass(frozen=True, slots=True)
class Slow:
    """A window in which more requests were slow than ever before the upgrade."""

    begin: float
    end: float
    share: float


def judge(
    lanes: Sequence[Series], before: Window, window: Window, steps: Sequence[StepSpan], limits: Thresholds
) -> list[Finding]:
    """What the rules find in the lanes of one service: each lane for itself, never pooled."""
    return [finding for lane in lanes for finding in _of_lane(lane, before, window, steps, limits)]


def resolution(limits: Thresholds) -> str:
    """What a pass does not exclude."""
    return (
        f"median up by less than {100 * (limits.p50 - 1):.0f} %,"
        f" 95th percentile by less than {100 * (limits.p95 - 1):.0f} %,"
        f" no {limits.window:g} s in which {100 * limits.slow:.0f} % were slow"
    )


def slow_windows(baseline: Series, during: Series, limits: Thresholds) -> list[Slow]:
    """The windows in which the share of slow requests is over the limit; slow is what 99 of 100 before were not."""
    seconds = max(limits.window, _FEWEST * baseline.lane.period)
    slow = quantile(baseline.censored, 0.99)
    worst = max((_share(values, slow) for _, values in _windows(baseline, seconds)), default=0.0)
    most = max(limits.slow, limits.slow_times * worst)
    shares = ((begin, _share(values, slow)) for begin, values in _windows(during, seconds))
    return [Slow(begin, begin + seconds, share) for begin, share in shares if share > most]


def _windows(lane: Series, seconds: float) -> list[tuple[float, list[float]]]:
    """Pieces of time with their beginnings; one that has too few samples to say anything belongs to the one before."""
    found: list[tuple[float, list[float]]] = []
    for number, values in enumerate(blocks(lane.due, lane.censored, seconds)):
        if found and len(values) < _FEWEST * 2 // 3:
            found[-1][1].extend(values)
        elif values:
            found.append((lane.due[0] + number * seconds, values))
    return found


def _share(values: Sequence[float], slow: float) -> float:
    return sum(value > slow for value in values) / len(values)


def _of_lane(
    lane: Series, before: Window, window: Window, steps: Sequence[StepSpan], limits: Thresholds
) -> Iterator[Finding]:
    baseline, during = lane.between(*before), lane.between(*window)
    name = lane.lane.name
    known = baseline.due[-1] - baseline.due[0] if len(baseline) else 0.0
    if known < limits.baseline:
        text = f"{known:.0f} s were observed before the upgrade, and {limits.baseline:g} s are needed"
        yield Finding("baseline", Word.INCONCLUSIVE, text, name)
        return
    if not len(during):
        yield Finding("coverage", Word.INCONCLUSIVE, "nothing was seen during the upgrade", name)
        return
    if alarm := _noisy(baseline, limits):
        yield Finding(
            "noise", Word.INCONCLUSIVE, f"the two halves of the time before differ by themselves: {alarm}", name
        )
        return
    for share, limit in ((0.5, limits.p50), (0.95, limits.p95)):
        yield _ratio(baseline, during, share, limit)
    for slow in slow_windows(baseline, during, limits):
        text = f"{100 * slow.share:.0f} % of the requests in {slow.end - slow.begin:.0f} s were slow"
        met = within(steps, slow.begin, slow.end)
        yield Finding("slow window", Word.FAIL, text, name, slow.begin, slow.end, met)


def _noisy(baseline: Series, limits: Thresholds) -> str:
    """What the rules would say of the second half of the time before the upgrade; empty if nothing, as it should be."""
    middle = (baseline.due[0] + baseline.due[-1]) / 2
    first, second = baseline.between(0, middle), baseline.between(middle, float("inf"))
    for share, limit in ((0.5, limits.p50), (0.95, limits.p95)):
        ratio = quantile(second.censored, share) / quantile(first.censored, share)
        if ratio > limit:
            return f"p{100 * share:.0f} {ratio:.2f} times"
    slow = slow_windows(first, second, limits)
    return f"{len(slow)} slow windows" if slow else ""


def _ratio(baseline: Series, during: Series, share: float, limit: float) -> Finding:
    """The ratio of a quantile, and whether it is over its limit beyond doubt."""
    old, new = quantile(baseline.censored, share), quantile(during.censored, share)
    name = f"p{100 * share:.0f}"
    if math.isinf(old):
        return Finding(name, Word.INCONCLUSIVE, f"{name}: requests failed before the upgrade already", during.lane.name)
    text = f"{name} {1000 * old:.1f} ms before, {1000 * new:.1f} ms during ({new / old:.2f} times)"
    if new <= old:
        return Finding(name, Word.PASS, text, during.lane.name)
    least, most = ratio_bounds(
        blocks(baseline.due, baseline.censored, _BLOCK), blocks(during.due, during.censored, _BLOCK), share
    )
    if new / old > limit:
        word = Word.FAIL if least > 1.0 else Word.INCONCLUSIVE
    else:
        word = Word.INCONCLUSIVE if most > limit and least > 1.0 else Word.PASS
    return Finding(name, word, f"{text}, surely {least:.2f} to {most:.2f}", during.lane.name)
