"""The timeline as data for a page: steps, lanes with their failures and gaps, percentiles."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pytest_upgrade.persistent.heartbeat import Heartbeat
from pytest_upgrade.verdicts.judging import Case
from pytest_upgrade.verdicts.outages import Outage, outages
from pytest_upgrade.verdicts.quantiles import blocks, quantile
from pytest_upgrade.verdicts.samples import FailedRequest
from pytest_upgrade.verdicts.series import Series
from pytest_upgrade.verdicts.steps import StepSpan

#: Points of a curve of percentiles from end to end: more than a screen has, and few enough for a small file.
_POINTS = 1000
#: Outages of one lane that are drawn; the rest are counted.
_MOST = 2000
_NEVER = float("inf")


def picture(case: Case, failures: Iterable[FailedRequest]) -> dict[str, Any]:
    """All that the page draws; times are seconds from ``begin``, which is since 1970."""
    lanes = [one for one in case.lanes if len(one)]
    # What guests saw before anybody observed is told where nobody did.
    spans = [(one.due[0], one.due[-1]) for one in lanes] or [(one.begin, one.end) for one in case.guests]
    begin, end = min((one for one, _ in spans), default=0.0), max((one for _, one in spans), default=0.0)
    first = {(one.lane, round(one.due, 3)): one for one in failures}
    order = sorted(
        lanes, key=lambda one: (one.lane.role == "control", one.lane.service, one.lane.period, one.lane.name)
    )
    return {
        "begin": begin, "seconds": end - begin,
        "upgrade": [at - begin for at in case.window] if case.window else None,
        "steps": [_step(step, begin, end) for step in case.steps if step.end >= begin and step.begin <= end],
        "lanes": [_lane(one, begin, end, first) for one in order] + [_guest(one, begin, end) for one in case.guests],
    }  # fmt: skip


def _step(step: StepSpan, begin: float, end: float) -> dict[str, Any]:
    return {
        "name": step.name, "about": " ".join(filter(None, (step.service, step.host))), "ok": step.ok,
        "begin": max(step.begin, begin) - begin, "end": min(step.end, end) - begin,
    }  # fmt: skip


def _lane(one: Series, begin: float, end: float, first: dict[tuple[str, float], FailedRequest]) -> dict[str, Any]:
    found = outages(one.eventful)
    failed = sum(outage.slots for outage in found)
    return {
        "service": one.lane.service, "name": f"{one.lane.method} {one.lane.path}", "connection": one.lane.connection,
        "what": "requests",
        "period": one.lane.period, "samples": len(one), "failed": failed, "more": max(0, len(found) - _MOST),
        "from": round(one.due[0] - begin, 2), "to": round(one.due[-1] - begin, 2),
        "outages": [
            [round(outage.begin - begin, 3), round(outage.until + (0 if outage.end else one.lane.period) - begin, 3),
             outage.slots, *_told(first.get((one.lane.name, round(outage.begin, 3)))), *_bounds(outage, begin)]
            for outage in found[:_MOST]
        ],
        "gaps": [[round(gap.begin - begin, 2), round(gap.end - begin, 2), gap.why] for gap in one.gaps],
        "curve": _curve(one, begin, end),
    }  # fmt: skip


def _guest(one: Heartbeat, begin: float, end: float) -> dict[str, Any]:
    """The data plane as the guest of a server saw it, each second, in the time that is drawn."""
    found = [outage for outage in one.outages if outage.end >= begin and outage.start <= end]
    return {
        "service": "data plane", "name": f"heartbeat of {one.server}", "connection": "inside", "period": 1.0,
        "samples": one.beats, "failed": sum(round(outage.seconds) for outage in found), "more": 0, "what": "beats",
        "from": round(max(one.begin, begin) - begin, 2), "to": round(min(one.end, end) - begin, 2),
        "outages": [
            [round(max(outage.start, begin) - begin, 3), round(min(outage.end, end) - begin, 3), round(outage.seconds),
             outage.kind, "as its guest wrote down", "", None, None]
            for outage in found
        ],
        "gaps": [], "curve": [],
    }  # fmt: skip


def _bounds(outage: Outage, begin: float) -> list[float | None]:
    """The last good slot before it, None where it is not known to have begun or ended, and its last failed one."""
    last_ok = None if outage.last_ok is None or outage.end is None else round(outage.last_ok - begin, 3)
    return [last_ok, round(outage.last_failed - begin, 3)]


def _told(failure: FailedRequest | None) -> list[str]:
    """The class and the words of the first failed request, and its id."""
    if failure is None:
        return ["", "", ""]
    return [failure.result.word, failure.text, failure.request_id]


def _curve(one: Series, begin: float, end: float) -> list[tuple[float, ...]]:
    """By pieces of time: the instant, the median and the 95th percentile of the good answers, in milliseconds."""
    width = max((end - begin) / _POINTS, 5 * one.lane.period)
    found = []
    for number, values in enumerate(blocks(one.due, one.censored, width)):
        good = sorted(value for value in values if value < _NEVER)
        if good:
            at = one.due[0] - begin + (number + 0.5) * width
            found.append((round(at, 1), *(round(1000 * quantile(good, share), 1) for share in (0.5, 0.95))))
    return found
