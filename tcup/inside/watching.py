"""A plugin of the run's pytest: it tells what goes on, by lines of JSON to the descriptor that it is given."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from pytest_whitebox.core.events import DESCRIPTOR

_UUID = "idempotent_id"


def pytest_configure(config: pytest.Config) -> None:
    """Register the hooks where the run is told of; workers of xdist tell their controller."""
    if not hasattr(config, "workerinput") and os.environ.get(DESCRIPTOR):
        config.pluginmanager.register(Watching(int(os.environ[DESCRIPTOR])), "tcup.watching")


class Watching:
    """The hooks, and the outcome of each test that is not over yet."""

    def __init__(self, descriptor: int) -> None:
        self._out = os.fdopen(descriptor, "w", buffering=1)
        self._open: dict[str, dict[str, Any]] = {}

    def tell(self, **event: Any) -> None:
        """Write one line."""
        self._out.write(json.dumps(event) + "\n")

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """How many there are."""
        if not session.config.getoption("numprocesses", None):
            self.tell(event="collected", number=len(session.items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """With workers the first of them says it; the others find the same."""
        self.tell(event="collected", number=len(ids))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """A test begins."""
        self.tell(event="began", test=nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test is what its worst phase is."""
        known = self._open.setdefault(report.nodeid, {"outcome": "passed", "seconds": 0.0, "why": ""})
        known["seconds"] += report.duration
        word = _word(report)
        if word != "passed" and known["outcome"] not in ("failed", "error"):
            known["outcome"], known["why"] = word, _why(report)
        if report.when == "teardown":
            uuid = next((str(value) for name, value in report.user_properties if name == _UUID), "")
            self.tell(event="ended", test=report.nodeid, uuid=uuid, **self._open.pop(report.nodeid))


def _word(report: pytest.TestReport) -> str:
    if report.failed:
        return "failed" if report.when == "call" else "error"
    if hasattr(report, "wasxfail"):
        return "xfailed" if report.skipped else "xpassed"
    return str(report.outcome)


def _why(report: pytest.TestReport) -> str:
    """One line on what was wrong, or why it was skipped."""
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2])
    crash = getattr(report.longrepr, "reprcrash", None)
    return (crash.message if crash else report.longreprtext).partition("\n")[0][:500]
