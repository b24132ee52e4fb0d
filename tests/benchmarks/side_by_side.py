"""What workers gain: the suites against one cloud without and with them, and what the latter run had to wait for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.benchmarks.chronicle import Stay
from tests.benchmarks.figure import Figure

_LIMIT = 80


@dataclass(frozen=True, slots=True)
class Run:
    """A run of pytest: its seconds from start to end, and how long each of its tests stayed."""

    seconds: float
    stays: Sequence[Stay]


def figures(alone: Run, spread: Run, workers: int) -> Iterator[Figure]:
    """Compare a run of tests one after the other with one of the same tests by workers."""
    print(f"What the run with -n{workers} had to wait for, one test after the other:")
    for stay in critical_path(spread.stays):
        print(f"{stay.over - stay.began:7.1f} s  {stay.worker}  {stay.test}")
    yield Figure("the suites with -n0", "s", (alone.seconds,))
    yield Figure(f"the suites with -n{workers}", "s", (spread.seconds,))
    share = 100 * spread.seconds / alone.seconds
    yield Figure(f"-n{workers}, of the time of -n0", "%", (share,), _LIMIT, "two processors")


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
