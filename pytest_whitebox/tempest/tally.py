"""What became of each capability of a guideline, told when the last test is over, and the results for Refstack."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pytest_whitebox.core import refstack
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.tempest.interop import Interop
from pytest_whitebox.tempest.making import private

_UUID = "idempotent_id"
NAME = "pytest_whitebox.tempest.tally"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where results go, if anywhere: an address of Refstack's API, and the RSA key that signs them."""

    url: str = ""
    key: Path | None = None

    def send(self, body: bytes) -> refstack.Uploaded:
        """Send them, signed if there is a key."""
        return refstack.upload(self.url, body, refstack.signature(body, self.key) if self.key else {})


class Tally:
    """Hooks for where the report is written: outcomes by full name, and what they come to at the end."""

    def __init__(self, interop: Interop, folder: Path, cpid: Callable[[], str], to: Destination) -> None:
        self._interop, self._folder, self._cpid, self._to = interop, folder, cpid, to
        self._outcomes: dict[str, str] = {}
        self._uuids: dict[str, str] = {}
        self._said: list[str] = []
        self._began = time.monotonic()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test has failed if one of its phases has, and passed only if its call has."""
        name = full_name(report.nodeid)
        self._uuids[name] = next((str(value) for word, value in report.user_properties if word == _UUID), "")
        if report.failed or (report.when == "call" and name not in self._outcomes) or report.skipped:
            self._outcomes[name] = "failed" if report.failed else str(report.outcome)

    # Before what was made in the cloud is removed, which takes long.
    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the results down, and send them if they are to be sent; a run whose results are refused has failed."""
        passed = [(name, self._uuids[name]) for name in self._outcomes if self._proves(name)]
        try:
            body = refstack.payload(self._cpid(), time.monotonic() - self._began, passed)
            private(self._folder / "results.json", body.decode())
            self._said = [f"results for Refstack: {self._folder / 'results.json'}"]
            if self._to.url:
                self._said.append(f"results uploaded: {self._to.send(body).url}")
        except StackproofError as error:
            self._said.append(f"results: {error.sentence}")
            if self._to.url:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _proves(self, name: str) -> bool:
        """True for a test of the guideline that has passed: others that ran beside it are nobody's business."""
        return self._outcomes[name] == "passed" and self._interop.takes(f"{name}[id-{self._uuids[name]}]")

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """The capabilities that are not met, with the reason, and how many are; all of them in interop.json."""
        judged = list(self._interop.judged(self._outcomes))
        counts = Counter(word for _, word, _ in judged)
        of = f"guideline {self._interop.guideline.id}, target {self._interop.target}"
        terminalreporter.section(f"{of}: {counts['met']} of {len(judged)} capabilities met")
        for capability, word, why in judged:
            if word != "met":
                terminalreporter.write_line(f"{capability}: {word}, {why}")
        for line in self._said:
            terminalreporter.write_line(line)
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
