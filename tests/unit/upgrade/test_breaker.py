"""When writes stop, when they are tried again, and when reads are slowed down."""

from __future__ import annotations

import pytest

from pytest_upgrade.observers import clock
from pytest_upgrade.observers.breaker import Fuse, Heartbeat, Pulse
from pytest_upgrade.observers.result import Result
from pytest_upgrade.observers.sample import Sample, Trip

OK, BAD = Result.OK, Result.REFUSED


class Clock:
    """Nanoseconds that go by when they are told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> int:
        return int(self.seconds * clock.SECOND)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(clock, "now", made.now)
    return made


@pytest.fixture
def trips() -> list[Trip]:
    return []


@pytest.fixture
def fuse(time: Clock, trips: list[Trip]) -> Fuse:
    return Fuse(3, Pulse(), trips.append)


def saw(fuse: Fuse, *results: Result) -> None:
    for slot, result in enumerate(results):
        fuse.saw(0, Sample(3, slot, 0, 0, result))


def test_five_failures_in_a_row_stop_writes_and_four_do_not(fuse: Fuse, trips: list[Trip]) -> None:
    saw(fuse, BAD, BAD, BAD, BAD, OK, BAD, BAD, BAD, BAD)
    assert (fuse.spares(0), trips) == (False, [])
    saw(fuse, BAD)
    assert fuse.spares(0)
    assert [(one.lane, one.open, one.why) for one in trips] == [(3, True, "5 failures in a row, the last: refused")]


def test_more_than_half_of_the_last_twenty_stop_them_too(fuse: Fuse, trips: list[Trip]) -> None:
    saw(fuse, *[OK, BAD] * 10)
    assert not fuse.spares(0)
    saw(fuse, BAD)
    assert fuse.spares(0)
    assert trips[0].why == "11 of 20 failed, the last: refused"


def test_one_write_is_tried_once_no_read_has_failed_for_half_a_minute(
    fuse: Fuse, time: Clock, trips: list[Trip]
) -> None:
    saw(fuse, *[BAD] * 5)
    time.seconds += 20
    fuse.pulse.failed = time.now()
    time.seconds += 29.9
    assert fuse.spares(0)
    time.seconds += 0.2
    assert [fuse.spares(slot) for slot in range(3)] == [False, True, True]
    saw(fuse, OK)
    assert [fuse.spares(slot) for slot in range(3)] == [False, False, False]
    assert [one.open for one in trips] == [True, False]
    saw(fuse, BAD)
    assert not fuse.spares(0)


def test_a_trial_that_fails_has_it_wait_again(fuse: Fuse, time: Clock, trips: list[Trip]) -> None:
    saw(fuse, *[BAD] * 5)
    time.seconds += 31
    assert not fuse.spares(0)
    saw(fuse, BAD)
    time.seconds += 29
    assert fuse.spares(0)
    time.seconds += 2
    assert not fuse.spares(0)
    assert [one.open for one in trips] == [True]


def test_failures_of_before_it_opened_do_not_open_it_again(fuse: Fuse, time: Clock, trips: list[Trip]) -> None:
    """Eleven of twenty had failed; one failure among good answers is not the twelfth."""
    saw(fuse, *[OK, BAD] * 10, BAD)
    time.seconds += 31
    assert not fuse.spares(0)
    saw(fuse, OK, BAD, OK, BAD)
    assert not fuse.spares(0)
    assert [one.open for one in trips] == [True, False]


def test_nothing_more_is_made_while_too_much_waits_for_its_end(time: Clock, trips: list[Trip]) -> None:
    waiting = [True]
    fuse = Fuse(3, Pulse(), trips.append, lambda: bool(waiting))
    assert fuse.spares(0)
    waiting.clear()
    assert not fuse.spares(0)
    assert trips == []


def test_a_read_that_fails_for_half_a_minute_is_asked_once_a_second(time: Clock) -> None:
    heartbeat = Heartbeat(0.2, Pulse())
    heartbeat.saw(time.now(), Sample(1, 0, 0, 0, BAD))
    assert heartbeat.pulse.failed == time.now()
    time.seconds += 29
    assert not any(heartbeat.spares(slot) for slot in range(10))
    time.seconds += 2
    assert [slot for slot in range(10) if not heartbeat.spares(slot)] == [0, 5]
    heartbeat.saw(time.now(), Sample(1, 0, 0, 0, OK))
    assert not any(heartbeat.spares(slot) for slot in range(10))
