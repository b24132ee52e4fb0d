"""The observer as a process: it keeps its schedule, outlives whoever began it, and what it did not see is told."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from pytest_upgrade.observers import outside
from pytest_upgrade.observers.assignment import Assignment
from pytest_upgrade.observers.lane import Lane
from pytest_upgrade.observers.login import Credentials
from pytest_upgrade.observers.observing import SAMPLES, TAKEN
from pytest_upgrade.observers.result import Result
from pytest_upgrade.selftest.certificate import Certificate
from pytest_upgrade.selftest.proxy import Fault
from pytest_upgrade.selftest.trial import run as trial
from pytest_upgrade.verdicts.samples import Samples
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.wait import wait_for
from tests.doubles.scripted import Scripted, response, scripted

from .test_probe import LOGIN

CANARY = "canary-77e0"
PERIOD = 0.05


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted({"/": response(200), "/v3/auth/tokens": LOGIN}) as server:
        yield server


@pytest.fixture
def assignment(server: Scripted, tmp_path: Path) -> Iterator[Assignment]:
    lanes = (
        Lane("compute", "GET", "/", server.url("/"), "new", PERIOD, token=True),
        Lane("compute", "GET", "/", server.url("/"), "reused", PERIOD, token=True),
    )
    login = Credentials(server.url("/v3/auth/tokens"), {"auth": {"password": CANARY}})
    yield Assignment(tmp_path, lanes, login, longest=60)
    outside.stop(tmp_path)


def count(folder: Path) -> int:
    with closing(sqlite3.connect(folder / SAMPLES)) as connection:
        return int(connection.execute("SELECT count(*) FROM sample").fetchone()[0])


def until(folder: Path, samples: int) -> None:
    wait_for(lambda: count(folder) >= samples, timeout=30, what=f"{samples} samples")


def test_two_lanes_are_asked_on_their_schedule(assignment: Assignment) -> None:
    pid = outside.start(assignment)
    assert outside.alive(assignment.folder) == pid
    until(assignment.folder, 80)
    assert outside.stop(assignment.folder)
    assert not outside.alive(assignment.folder)
    new, reused = Samples(assignment.folder).series()
    for series in (new, reused):
        assert len(series) >= 30
        assert {seen.result for seen in series} == {Result.OK}
        between = [after - before for before, after in pairwise(series.due)]
        assert max(abs(one - PERIOD) for one in between) < 0.002 or series.gaps
    assert set(new.fresh) == {1}
    assert list(reused.fresh[:2]) == [1, 0]
    (life,) = Samples(assignment.folder).lives()
    assert (life.pid, life.ended) == (pid, True)


def test_the_observer_outlives_whoever_began_it(assignment: Assignment) -> None:
    """A pytest that crashes loses nothing."""
    code = (
        "import sys; from pytest_upgrade.observers import outside;"
        "from pytest_upgrade.observers.assignment import Assignment;"
        "outside.start(Assignment.from_json(sys.stdin.read())); import os; os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code], input=assignment.to_json(), text=True, check=False)
    assert done.returncode == -signal.SIGKILL
    before = count(assignment.folder)
    until(assignment.folder, before + 20)
    assert outside.alive(assignment.folder)


def test_one_that_was_killed_has_left_all_but_the_last_moment(assignment: Assignment) -> None:
    pid = outside.start(assignment)
    until(assignment.folder, 60)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not outside.alive(assignment.folder), timeout=10, what="its lock to be free")
    samples = Samples(assignment.folder)
    assert sum(map(len, samples.series())) >= 60
    assert [life.ended for life in samples.lives()] == [False]
    outside.start(assignment)
    until(assignment.folder, count(assignment.folder) + 20)
    outside.stop(assignment.folder)
    assert len(samples.series()) == 2
    assert [life.ended for life in samples.lives()] == [False, True]


def slots(folder: Path) -> list[tuple[set[int], set[int]]]:
    """Of each lane those that have a sample, and those that were told to have none."""
    with closing(sqlite3.connect(folder / SAMPLES)) as connection:
        lanes = [id for (id,) in connection.execute("SELECT id FROM lane")]
        seen = [
            {slot for (slot,) in connection.execute("SELECT slot FROM sample WHERE lane = ?", (id,))} for id in lanes
        ]
        gaps = [list(connection.execute("SELECT first, last FROM gap WHERE lane = ?", (id,))) for id in lanes]
    return [
        (one, {slot for first, last in two for slot in range(first, last + 1)})
        for one, two in zip(seen, gaps, strict=True)
    ]


def is_stopped(pid: int) -> bool:
    """As the kernel says, whose word comes after the last of what the process did."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("T")


def test_time_in_which_it_was_stopped_is_blind(assignment: Assignment) -> None:
    """What the stop really was is measured here: no slot of it was seen, and nothing but it is called blind."""
    pid = outside.start(assignment)
    until(assignment.folder, 40)
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: is_stopped(pid), timeout=30, what="the observer to be stopped")
    stopped = time.time()
    wait_for(lambda: time.time() - stopped > 20 * PERIOD, timeout=30, what="twenty slots to go by")
    before = time.time()
    os.kill(pid, signal.SIGCONT)
    until(assignment.folder, count(assignment.folder) + 40)
    outside.stop(assignment.folder)
    for series in Samples(assignment.folder).series():
        (gap,) = [gap for gap in series.gaps if gap.begin < before and gap.end > stopped]
        assert gap.why == "blind"
        # The slots at either end of the stop have still, or again, a part of their time.
        assert gap.begin <= stopped + PERIOD
        assert gap.end >= before - PERIOD
        assert not any(stopped < at < before - PERIOD for at in series.due)
    for seen, unseen in slots(assignment.folder):
        assert not seen & unseen
        assert seen | unseen == set(range(max(seen) + 1))


def test_a_second_observer_of_the_same_run_is_refused(assignment: Assignment) -> None:
    outside.start(assignment)
    with pytest.raises(StackproofError, match="another observer is at work"):
        outside.start(assignment)


def test_samples_that_were_a_copy_are_its_own_once_an_observer_goes_on_with_them(assignment: Assignment) -> None:
    (assignment.folder / TAKEN).write_text("1.0")
    outside.start(assignment)
    assert not (assignment.folder / TAKEN).exists()


def test_it_ends_by_itself_after_its_longest_life(server: Scripted, tmp_path: Path) -> None:
    lane = Lane("compute", "GET", "/", server.url("/"), "new", PERIOD)
    outside.start(Assignment(tmp_path, (lane,), longest=1.0))
    wait_for(lambda: not outside.alive(tmp_path), timeout=15, what="the observer to end")
    assert Samples(tmp_path).lives()[0].ended


def test_the_password_is_nowhere_but_in_memory(assignment: Assignment, server: Scripted) -> None:
    pid = outside.start(assignment)
    until(assignment.folder, 20)
    seen = Path(f"/proc/{pid}/cmdline").read_bytes() + Path(f"/proc/{pid}/environ").read_bytes()
    outside.stop(assignment.folder)
    files = [file.read_bytes() for file in assignment.folder.rglob("*") if file.is_file()]
    assert any(CANARY.encode() in head for head in server.heads)
    assert any(b"compute" in content for content in files)
    assert not any(secret in content for content in (seen, *files) for secret in (CANARY.encode(), b"gAAAA"))
    assert (assignment.folder / SAMPLES).stat().st_mode & 0o077 == 0


def test_what_is_not_answered_in_time_holds_back_no_other(tmp_path: Path) -> None:
    with scripted({"/": b""}) as server:
        lane = Lane("compute", "GET", "/", server.url("/"), "new", PERIOD, timeout=0.5)
        outside.start(Assignment(tmp_path, (lane,), longest=60))
        until(tmp_path, 30)
        outside.stop(tmp_path)
    (series,) = Samples(tmp_path).series()
    results = [seen.result for seen in series]
    assert set(results) <= {Result.TIMEOUT, Result.SHED}
    assert results.count(Result.TIMEOUT) > results.count(Result.SHED)
    instants = [late for late, seen in zip(series.late, series, strict=True) if seen.result is Result.TIMEOUT]
    assert sorted(instants)[len(instants) // 2] < PERIOD


def test_a_fault_is_measured_where_it_was_and_none_is_invented(tmp_path: Path) -> None:
    faults = [(Fault.OUTAGE, 1.0), (Fault.TRUNCATED, 1.0), (Fault.RESET, 1.0), (Fault.BACKEND, 2.0)]
    certificate = Certificate.of(asyncio.run(trial(tmp_path, faults, quiet=1.0)))
    assert len(certificate.lines) == 2 * len(faults)
    assert certificate.ok, "\n".join(certificate)
