"""An outage by the observer's samples, against HAProxy's log of the same requests."""

from __future__ import annotations

from array import array
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from devcloud.measure.request import Request, requests
from pytest_upgrade.observers.lane import Lane
from pytest_upgrade.observers.result import Result
from pytest_upgrade.verdicts.series import Series
from tests.acceptance.witness import compared, shares, witnessed

LANE = Lane("compute", "GET", "/", "http://10.0.0.1:8774/", "new", period=0.2)
BEGIN = datetime(2026, 11, 30, 12, tzinfo=UTC).timestamp()
SLOTS = 20


def log(*down: int, path: str = "/") -> list[Request]:
    """A request in each slot, 30 ms after it was due; 503 in some."""
    lines = []
    for slot in range(SLOTS):
        at = datetime.fromtimestamp(BEGIN + slot * LANE.period + 0.03, UTC).strftime("%d/%b/%Y:%H:%M:%S.%f")[:-3]
        status = 503 if slot in down else 200
        lines.append(f"t [{at}] 10.0.0.9:4000 nova a -- {status} 0/0/0/1/1 99 0 - - GET {path}")
    return list(requests(lines))


def seen(*down: int) -> Series:
    """What a lane saw in each slot."""
    due = array("d", (BEGIN + slot * LANE.period for slot in range(SLOTS)))
    none = array("f", [0.0] * SLOTS)
    result = bytearray(Result.UNAVAILABLE if slot in down else Result.OK for slot in range(SLOTS))
    return Series(LANE, due, none, none, result, bytearray(SLOTS))


def test_the_same_outage_is_equal() -> None:
    (one,) = compared([seen(5, 6, 7)], log(5, 6, 7))

    assert one.is_equal
    assert one.off == pytest.approx(0.03, abs=0.002)


@pytest.mark.parametrize("down", [(2, 3, 4, 5, 6, 7), (5, 6, 7, 8, 9, 10), (5,)])
def test_one_that_begins_or_ends_at_another_time_is_not(down: tuple[int, ...]) -> None:
    (one,) = compared([seen(5, 6, 7)], log(*down))

    assert not one.is_equal


def test_one_that_haproxy_has_not_written_down_is_named() -> None:
    (one,) = compared([seen(5, 6, 7)], log(5, 6, 7, path="/v2.1/servers"))

    assert not one.is_equal
    assert str(one).endswith("by HAProxy: none")


def test_an_outage_that_only_haproxy_has_is_named() -> None:
    (one,) = compared([seen()], log(5, 6, 7))

    assert not one.is_equal
    assert str(one).startswith("GET compute / (new): none; by HAProxy: 3 failed in 0.6 s")


def test_one_that_the_observer_did_not_see_to_end_is_not_only_haproxys() -> None:
    assert not list(compared([seen(*range(15, SLOTS))], log(15, 16, 17)))


@pytest.mark.parametrize(("lines", "is_enough"), [(SLOTS, True), (SLOTS - 1, True), (SLOTS - 2, False)])
def test_a_log_that_lacks_requests_is_no_truth(lines: int, is_enough: bool) -> None:
    (share,) = shares([seen()], log()[:lines])

    assert (share.answered, share.written, share.is_enough) == (SLOTS, lines, is_enough)


def test_what_never_came_to_haproxy_is_not_looked_for_in_its_log() -> None:
    lane = seen()
    lane.result[3:9] = bytes([Result.REFUSED] * 6)
    (share,) = shares([lane], log()[:3] + log()[9:])

    assert (share.answered, share.written) == (SLOTS - 6, SLOTS - 6)


def test_a_single_slot_and_an_outage_without_an_end_are_not_compared() -> None:
    assert not list(compared([seen(5), seen(*range(15, SLOTS))], log()))


def test_what_came_to_haproxy_at_another_time_is_another_request() -> None:
    assert len(list(witnessed(seen(), log()))) == SLOTS
    assert not list(witnessed(seen(), log(path="/v2.1/servers")))


def test_an_answer_that_comes_too_late_has_failed() -> None:
    slow = [replace(one, timers=replace(one.timers, total=5000)) for one in log()]

    assert {one.result for one in witnessed(seen(), slow)} == {Result.UNAVAILABLE}
