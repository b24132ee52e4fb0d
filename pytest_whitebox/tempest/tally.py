"""What became of each capability of a guideline, told when the last test is over, and the results for Refstack."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_whitebox.core import refstack
from pytest_whitebox.core.ended import Phases
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.tempest import page, private
from pytest_whitebox.tempest.destination import Destination
from pytest_whitebox.tempest.interop import Interop, Judged
from pytest_whitebox.tempest.test import uuid_of

NAME = "pytest_whitebox.tempest.tally"
#: Outcomes that say something of a capability; an expected failure is as good as not run.
_WORDS = {"passed": "passed", "failed": "failed", "error": "failed", "xpassed": "failed"}


class Tally:
    """Hooks for where the report is written: outcomes by full name, and what they come to at the end.

    ``packages`` are those of Tempest's tests; all others are of our own, or of the user's.
    """

    def __init__(
        self, interop: Interop, folder: Path, cpid: Callable[[], str], to: Destination, packages: tuple[str, ...]
    ) -> None:
        self._interop, self._folder, self._cpid, self._to, self._packages = interop, folder, cpid, to, packages
        self._phases = Phases()
        self._outcomes: dict[str, str] = {}
        self._uuids: dict[str, str] = {}
        self._said: list[str] = []
        self._began = time.monotonic()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test that is over counts under the guideline's name; others that ran beside are nobody's business."""
        over = self._phases.add(report)
        if over is None:
            return
        name = self._interop.proven(over.id, own=over.id.partition(".")[0] not in self._packages)
        if name and self._outcomes.get(name) != "passed":
            self._outcomes[name], self._uuids[name] = _WORDS.get(over.outcome, "skipped"), uuid_of(over.id)

    # Before what was made in the cloud is removed, which takes long.
    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the results down, and send them if they are to be sent; a run whose results are refused has failed."""
        self._write_capabilities()
        passed = [(name, self._uuids[name]) for name, word in self._outcomes.items() if word == "passed"]
        try:
            body = refstack.payload(self._cpid(), time.monotonic() - self._began, passed)
            private.write(self._folder / "results.json", body.decode())
            self._said = [f"results for Refstack: {self._folder / 'results.json'}"]
            self._said += self._to.send(body, self._interop)
        except StackproofError as error:
            self._said.append(f"results: {error.sentence}")
            if self._to.url:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @property
    def _judged(self) -> list[Judged]:
        return list(self._interop.judged(self._outcomes))

    @property
    def _title(self) -> str:
        return f"guideline {self._interop.guideline.id}, target {self._interop.target}"

    def _write_capabilities(self) -> None:
        table = [
            {"capability": one.capability, "status": one.status, "verdict": one.verdict, "why": one.why,
             "tests": one.tests, "failed": one.failed, "not run": one.not_run}
            for one in self._judged
        ]  # fmt: skip
        about = {"guideline": self._interop.guideline.id, "target": self._interop.target, "capabilities": table}
        private.write(self._folder / "interop.json", json.dumps(about, indent=1) + "\n")

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        """The capabilities as a table, above the tests."""
        prefix.append(page.capabilities(self._title.capitalize(), self._judged, self._said))

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """The capabilities that are not met, with the reason, and how many are; all of them are in interop.json."""
        counts = Counter(one.verdict for one in self._judged)
        terminalreporter.section(f"{self._title}: {counts['met']} of {counts.total()} capabilities met")
        for one in self._judged:
            if one.verdict != "met":
                terminalreporter.write_line(f"{one.capability}: {one.verdict}, {one.why}")
        for line in self._said:
            terminalreporter.write_line(line)
