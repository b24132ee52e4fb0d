"""A plugin for measured runs: writes down when each test began and ended, to the file that $CHRONICLE names."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass

import pytest


@dataclass(frozen=True, slots=True)
class Stay:
    """A test on a worker: when it began to wait, when its turn came, and when it was over, in seconds of the clock."""

    test: str
    worker: str
    began: float
    turn: float
    over: float


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


def stays_of(lines: Iterable[str]) -> list[Stay]:
    """What a chronicle says, in the order in which the tests were over."""
    phases: dict[tuple[str, str], dict[str, tuple[float, float]]] = {}
    for line in lines:
        test, worker, when, start, stop = json.loads(line)
        phases.setdefault((test, worker), {})[when] = (start, stop)
    whole = [(key, seen) for key, seen in phases.items() if {"setup", "turn", "teardown"} <= set(seen)]
    found = [Stay(*key, seen["setup"][0], seen["turn"][0], seen["teardown"][1]) for key, seen in whole]
    return sorted(found, key=lambda stay: stay.over)
