"""What became of each capability of a guideline, told when the last test is over."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from pytest_whitebox.tempest.interop import Interop
from pytest_whitebox.tempest.making import private

NAME = "pytest_whitebox.tempest.tally"


class Tally:
    """Hooks for where the report is written: outcomes by full name, and the table of capabilities at the end."""

    def __init__(self, interop: Interop, folder: Path) -> None:
        self._interop, self._folder = interop, folder
        self._outcomes: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test has failed if one of its phases has, and passed only if its call has."""
        name = full_name(report.nodeid)
        if report.failed or (report.when == "call" and name not in self._outcomes) or report.skipped:
            self._outcomes[name] = "failed" if report.failed else str(report.outcome)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """The capabilities that are not met, with the reason, and how many are; all of them in interop.json."""
        judged = list(self._interop.judged(self._outcomes))
        counts = Counter(word for _, word, _ in judged)
        of = f"guideline {self._interop.guideline.id}, target {self._interop.target}"
        terminalreporter.section(f"{of}: {counts['met']} of {len(judged)} capabilities met")
        for capability, word, why in judged:
            if word != "met":
                terminalreporter.write_line(f"{capability}: {word}, {why}")
        table = [{"capability": capability, "verdict": word, "why": why} for capability, word, why in judged]
        about = {"guideline": self._interop.guideline.id, "target": self._interop.target, "capabilities": table}
        private(self._folder / "interop.json", json.dumps(about, indent=1) + "\n")


def full_name(nodeid: str) -> str:
    """The dotted name of a test by what pytest calls it.

    >>> full_name("tempest/api/test_x.py::X::test_a(q1)")
    'tempest.api.test_x.X.test_a(q1)'
    """
    file, *names = nodeid.split("::")
    return ".".join([file.removesuffix(".py").replace("/", "."), *names])
