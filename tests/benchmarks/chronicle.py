"""A plugin for measured runs: writes down when each test began and ended, to the file that $CHRONICLE names."""

from __future__ import annotations

import json
import os
import time

import pytest


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Called after pytest_whitebox has waited for the test's turn, for it was loaded before it."""
    _note(item.nodeid, os.environ.get("PYTEST_XDIST_WORKER", ""), "turn", time.time(), time.time())


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """In the process that the user started only; the workers' reports come there, too."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        _note(report.nodeid, getattr(report, "worker_id", ""), report.when, report.start, report.stop)


def _note(*words: object) -> None:
    with open(os.environ["CHRONICLE"], "a") as file:  # noqa: PTH123 -- appended to, line by line
        print(json.dumps(words), file=file)
