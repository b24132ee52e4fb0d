"""Two clocks are looked at as one, also where the machine takes us off in between."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from pytest_upgrade.observers import clock
from pytest_upgrade.observers.lane import Lane
from pytest_upgrade.observers.notebook import Notebook
from pytest_upgrade.observers.observing import SAMPLES
from pytest_upgrade.observers.result import Result
from pytest_upgrade.observers.sample import Sample
from pytest_upgrade.verdicts import downtime
from pytest_upgrade.verdicts.samples import Samples
from pytest_upgrade.verdicts.thresholds import Thresholds
from pytest_upgrade.verdicts.verdict import Word


def test_a_look_during_which_time_went_by_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each second look is interrupted for two seconds, between the one clock and the other."""
    boottime, looks = [100 * clock.SECOND], count()

    def now() -> int:
        boottime[0] += 1000
        return boottime[0]

    def wall() -> int:
        boottime[0] += 2 * clock.SECOND if next(looks) % 2 == 0 else 1000
        return boottime[0] + 7 * clock.SECOND

    monkeypatch.setattr(clock, "now", now)
    monkeypatch.setattr(time, "time_ns", wall)
    at, told = clock.both()
    assert abs(told - at - 7 * clock.SECOND) < 2000


def test_a_clock_that_was_set_forward_is_time_that_nobody_saw(tmp_path: Path) -> None:
    """As after a sleep, or by NTP: before and after it the slots keep their own pace."""
    wall, notebook = 1_795_993_200, Notebook(tmp_path / SAMPLES, "clockwork")
    number = notebook.lane(Lane("compute", "GET", "/", "http://10.0.0.1:8774/", "new", 0.2), 0)
    for slot in range(600):
        notebook.record(Sample(number, slot, 100, 5000, Result.OK, 200))
    notebook.close()
    looks = [(1, at * clock.SECOND, (wall + at + (3600 if at >= 60 else 0)) * clock.SECOND) for at in range(0, 125, 5)]
    with closing(sqlite3.connect(tmp_path / SAMPLES)) as connection, connection:
        connection.execute("DELETE FROM clock")
        connection.executemany("INSERT INTO clock VALUES (?, ?, ?)", looks)

    window = wall + 10.0, wall + 3600 + 110.0
    (found,) = downtime.judge(Samples(tmp_path).series(), [], window, [], Thresholds())
    assert (found.rule, found.word) == ("coverage", Word.INCONCLUSIVE)
    assert found.until - found.at == pytest.approx(3600, abs=6)
