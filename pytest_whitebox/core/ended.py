"""A test that is over, put together from what is reported of its phases."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

#: Of several phases the one counts that is told first of these.
_WORST = ("failed", "error", "xpassed", "xfailed", "skipped", "passed")
_LONGEST = 500  # characters of a reason
#: The phase of a report that a runner makes of a worker that has died: it is the only one.
_CRASHED = "???"


@dataclass(frozen=True, slots=True)
class Ended:
    """``id`` is what results call the test, ``outcome`` pytest's word, or ``error`` where its call was not reached.

    ``seconds`` is what its phases took, ``why`` one line, and ``texts`` all that is told of it, by name.
    """

    id: str
    nodeid: str
    outcome: str
    began: datetime
    seconds: float
    why: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)

    @property
    def ended(self) -> datetime:
        """When its last phase was over."""
        return self.began + timedelta(seconds=self.seconds)


class Phases:
    """The tests that are not over yet, by their reports: those of pytest, or anything alike."""

    def __init__(self) -> None:
        self._open: dict[str, list[Any]] = {}

    def add(self, report: Any) -> Ended | None:
        """The test, if this was its last phase."""
        reports = self._open.setdefault(report.nodeid, [])
        reports.append(report)
        if report.when not in ("teardown", _CRASHED):
            return None
        return _together(self._open.pop(report.nodeid))


def _together(reports: list[Any]) -> Ended:
    deciding = min(reports, key=lambda report: _WORST.index(word(report)))
    outcome, seconds = word(deciding), sum(report.duration for report in reports)
    began = getattr(reports[0], "start", 0) or time.time() - seconds
    return Ended(
        getattr(deciding, "stackproof_id", deciding.nodeid), deciding.nodeid, outcome,
        datetime.fromtimestamp(began, UTC), seconds, "" if outcome == "passed" else why(deciding),
        dict(_texts(reports, outcome)),
    )  # fmt: skip


def word(report: Any) -> str:
    """What became of a phase."""
    if report.failed:
        return "failed" if report.when == "call" else "error"
    if hasattr(report, "wasxfail"):
        return "xfailed" if report.skipped else "xpassed"
    return str(report.outcome)


def why(report: Any) -> str:
    """One line on what was wrong, or why it was skipped."""
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2])
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message if crash else report.longreprtext).partition("\n")[0][:_LONGEST]


def _texts(reports: list[Any], outcome: str) -> Iterator[tuple[str, str]]:
    """The names are those of testtools."""
    failed = [report for report in reports if report.failed]
    for place, report in enumerate(failed):
        yield f"traceback-{place}" if place else "traceback", report.longreprtext
    if outcome in ("skipped", "xfailed"):
        skipped = next(report for report in reports if report.skipped)
        yield "reason", str(getattr(skipped, "wasxfail", "")) or why(skipped)
    if log := "\n".join(filter(None, (report.caplog for report in reports))):
        yield "pythonlogging:''", log
