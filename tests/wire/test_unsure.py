"""An observer that does not see all: what is missing is no failure of the cloud, and no pass."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from pathlib import Path

import pytest

from pytest_upgrade.observers import outside
from pytest_upgrade.observers.assignment import Assignment
from pytest_upgrade.observers.lane import Lane
from pytest_upgrade.observers.login import Credentials
from pytest_upgrade.observers.result import Result
from pytest_upgrade.store.values import Outcome
from pytest_upgrade.verdicts.judging import Case, verdicts
from pytest_upgrade.verdicts.samples import Samples
from pytest_upgrade.verdicts.thresholds import Thresholds
from pytest_upgrade.verdicts.verdict import ServiceVerdict, Word
from pytest_whitebox.core.wait import wait_for
from tests.doubles.scripted import Scripted, response, scripted

PERIOD = 0.1
GOOD = response(200, b'{"servers": []}')
PASSED = [Outcome(1, phase, f"t::{phase}", "compute", "rolling", "passed") for phase in ("pre", "post")]
#: What this machine has to do besides may cost slots, but not as many as are missing here in a row.
PATIENT = Thresholds.given(["unseen=1", "longest_unseen=10"])


def login(life: float) -> bytes:
    """An answer of Keystone with a token that lives so many seconds from now."""
    now = datetime.now(UTC)
    times = {"issued_at": now, "expires_at": now + timedelta(seconds=life)}
    told = ", ".join(f'"{name}": "{at:%Y-%m-%dT%H:%M:%S.%fZ}"' for name, at in times.items())
    return response(201, f'{{"token": {{{told}}}}}'.encode(), "X-Subject-Token: gAAAA")


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted({"/servers": GOOD, "/v3/auth/tokens": login(3600)}) as server:
        yield server


@pytest.fixture
def assignment(server: Scripted, tmp_path: Path) -> Iterator[Assignment]:
    lane = Lane("compute", "GET", "/servers", server.url("/servers"), "new", PERIOD, token=True, contains="servers")
    credentials = Credentials(server.url("/v3/auth/tokens"), {"auth": {}})
    yield Assignment(tmp_path, (lane,), credentials, longest=120)
    outside.stop(tmp_path)


def results(folder: Path) -> list[Result]:
    return [seen.result for one in Samples(folder).series() for seen in one]


def more(folder: Path, count: int) -> None:
    """Wait for so many more samples."""
    known = len(results(folder))
    wait_for(lambda: len(results(folder)) >= known + count, timeout=60, what="more samples")


def judged(folder: Path, begin: float, end: float, limits: Thresholds) -> dict[str, ServiceVerdict]:
    case = Case((begin, end), [], Samples(folder).series(), PASSED, limits)
    return {one.tag: one for one in verdicts(case)}


def test_a_token_whose_life_ends_while_keystone_is_away_is_no_failure_and_is_had_again(
    server: Scripted, assignment: Assignment
) -> None:
    life = 4.0
    server.answers["/v3/auth/tokens"] = login(life)
    over = time.time() + life
    outside.start(assignment)
    server.answers["/v3/auth/tokens"] = response(503)
    wait_for(lambda: time.time() > over, timeout=30, what="the token to expire")
    server.answers["/servers"] = response(401, b"{}", f"Date: {formatdate(over + 1, usegmt=True)}")
    wait_for(lambda: Result.EXPIRED in results(assignment.folder), timeout=60, what="a 401 to be told")
    server.answers |= {"/servers": GOOD, "/v3/auth/tokens": login(3600)}
    begun = server.asked["/v3/auth/tokens"]
    wait_for(lambda: server.asked["/v3/auth/tokens"] > begun, timeout=60, what="another login")
    more(assignment.folder, 10)
    outside.stop(assignment.folder)

    seen = results(assignment.folder)
    assert set(seen) == {Result.OK, Result.EXPIRED}
    assert seen[-1] is Result.OK


def test_an_observer_that_was_killed_during_the_upgrade_is_inconclusive_though_another_went_on(
    assignment: Assignment,
) -> None:
    pid = outside.start(assignment)
    more(assignment.folder, 10)
    begin = time.time()
    more(assignment.folder, 10)
    os.kill(pid, signal.SIGKILL)
    killed = time.time()
    wait_for(lambda: time.time() > killed + 30 * PERIOD, timeout=30, what="thirty slots to go by")
    alone = judged(assignment.folder, begin, time.time(), PATIENT)
    outside.start(assignment)
    more(assignment.folder, 10)
    outside.stop(assignment.folder)

    for found in (alone, judged(assignment.folder, begin, time.time(), PATIENT)):
        assert found["rolling"].word is Word.PASS
        assert (found["zero_downtime"].word, found["zero_impact"].word) == (Word.INCONCLUSIVE, Word.INCONCLUSIVE)
        assert found["zero_downtime"].reason.startswith("coverage: GET compute /servers (new): ")


def test_a_machine_that_slept_during_the_upgrade_is_inconclusive(assignment: Assignment) -> None:
    """A process that is stopped sees what one on a laptop sees that slept: both clocks have gone on without it."""
    pid = outside.start(assignment)
    more(assignment.folder, 10)
    begin = time.time()
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: time.time() > begin + 30 * PERIOD, timeout=30, what="thirty slots to go by")
    os.kill(pid, signal.SIGCONT)
    more(assignment.folder, 20)
    outside.stop(assignment.folder)

    found = judged(assignment.folder, begin, time.time(), PATIENT)
    assert (found["zero_downtime"].word, found["zero_impact"].word) == (Word.INCONCLUSIVE, Word.INCONCLUSIVE)
    assert found["zero_downtime"].reason.startswith("coverage: GET compute /servers (new): ")


def test_an_upgrade_without_a_time_before_it_has_no_baseline(assignment: Assignment) -> None:
    limits = Thresholds.given(["unseen=1", "longest_unseen=1000"])
    begin = time.time()
    outside.start(assignment)
    more(assignment.folder, 20)
    outside.stop(assignment.folder)

    found = judged(assignment.folder, begin, time.time(), limits)
    assert (found["zero_downtime"].word, found["zero_impact"].word) == (Word.PASS, Word.INCONCLUSIVE)
    assert found["zero_impact"].reason.startswith("baseline: ")
