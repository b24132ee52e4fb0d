"""What a second worker gains: the suites against one cloud by -n0 and by -n2, and what the rest waits for."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.figure import Figure, seconds

_RUNS = 1
_LIMIT = 80
_PATIENCE = 4 * 3600


@dataclass(frozen=True, slots=True)
class Stay:
    """A test on a worker: when it began to wait, when its turn came, and when it was over, in seconds of the clock."""

    test: str
    worker: str
    began: float
    turn: float
    over: float


def figures(state: Path, tests: Sequence[str] = ("tests/suites",)) -> Iterator[Figure]:
    """The cloud in ``state`` must be up, and nobody else may use it."""
    alone = [_run(state, tests, "-n0")[0] for _ in range(_RUNS)]
    both, stays = zip(*(_run(state, tests, "-n2") for _ in range(_RUNS)), strict=True)
    print("What the run with -n2 had to wait for, one test after the other:")
    for stay in critical_path(stays[-1]):
        print(f"{stay.over - stay.began:7.1f} s  {stay.worker}  {stay.test}")
    yield Figure("the suites with -n0", "s", tuple(alone))
    yield Figure("the suites with -n2", "s", both)
    share = tuple(100 * two / one for one, two in zip(alone, both, strict=True))
    yield Figure("-n2, of the time of -n0", "%", share, _LIMIT, "two processors")


def _run(state: Path, tests: Sequence[str], workers: str) -> tuple[float, list[Stay]]:
    with tempfile.TemporaryDirectory() as folder:
        chronicle = Path(folder, "chronicle")
        environment = {**os.environ, "CHRONICLE": str(chronicle), "OS_CLIENT_CONFIG_FILE": str(state / "clouds.yaml")}
        options = ["--os-cloud", "devcloud", "-m", "not slow", "-q", "-p", "tests.benchmarks.chronicle", workers]
        command = [sys.executable, "-m", "pytest", *options, *tests]
        taken = seconds(command, timeout=_PATIENCE, env=environment, cwd=str(Path(__file__).parents[2]))
        return taken, stays_of(chronicle.read_text().splitlines())


def stays_of(lines: Iterable[str]) -> list[Stay]:
    """What a chronicle says, in the order in which the tests were over."""
    phases: dict[tuple[str, str], dict[str, tuple[float, float]]] = {}
    for line in lines:
        test, worker, when, start, stop = json.loads(line)
        phases.setdefault((test, worker), {})[when] = (start, stop)
    whole = [(key, seen) for key, seen in phases.items() if {"setup", "turn", "teardown"} <= set(seen)]
    found = [Stay(*key, seen["setup"][0], seen["turn"][0], seen["teardown"][1]) for key, seen in whole]
    return sorted(found, key=lambda stay: stay.over)


def critical_path(stays: Sequence[Stay]) -> list[Stay]:
    """From the test that was over last back to the first: who ended as the next one could begin.

    >>> a, b = Stay("a", "gw0", 0, 1, 9), Stay("b", "gw1", 0, 1, 4)
    >>> c = Stay("c", "gw1", 4, 9.1, 12)
    >>> [stay.test for stay in critical_path([b, a, c])]
    ['a', 'c']
    """
    path = [max(stays, key=lambda stay: stay.over)]
    while True:
        later = path[0]
        # One that was over while it waited let go of a host; else it is the one before on the same worker.
        blockers = [one for one in stays if later.began < one.over <= later.turn]
        before = [one for one in stays if one.worker == later.worker and one.over <= later.began]
        if not (earlier := blockers or before):
            return path
        path.insert(0, max(earlier, key=lambda stay: stay.over))
