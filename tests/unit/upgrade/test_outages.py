"""What rows of samples say of outages: examples, and what must hold of any row."""

from __future__ import annotations

from array import array
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_upgrade.observers.lane import Lane
from pytest_upgrade.observers.result import Result
from pytest_upgrade.verdicts.outages import outages, together
from pytest_upgrade.verdicts.series import Seen, Series

PERIOD = 0.2
#: A machine that is busy with clouds draws slowly.
ANY_PACE = settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
_KINDS = (Result.OK, Result.REFUSED, Result.SHED, Result.EXPIRED)
RESULTS = st.binary(max_size=30).map(lambda drawn: [_KINDS[byte % 4] for byte in drawn])


def row(results: list[Result]) -> list[Seen]:
    return [Seen(slot * PERIOD, 0.01, result) for slot, result in enumerate(results)]


@ANY_PACE
@given(RESULTS)
def test_each_failed_slot_is_in_one_outage(results: list[Result]) -> None:
    assert sum(one.slots for one in outages(row(results))) == sum(result.failed for result in results)


@ANY_PACE
@given(RESULTS)
def test_two_outages_have_a_good_slot_between_them(results: list[Result]) -> None:
    found, good = outages(row(results)), {seen.due for seen in row(results) if seen.result is Result.OK}
    assert all(any(before.last_failed < at < after.begin for at in good) for before, after in pairwise(found))


@ANY_PACE
@given(begin=st.floats(0.5, 2.0), seconds=st.floats(2 * PERIOD, 10.0))
def test_bounds_hold_the_true_length_and_the_estimate_is_within_a_slot(begin: float, seconds: float) -> None:
    """An outage of at least two slots on a schedule that knows nothing of it."""
    samples = [
        Seen(at, 0.01, Result.REFUSED if begin <= at < begin + seconds else Result.OK)
        for at in (slot * PERIOD for slot in range(100))
    ]
    (one,) = outages(samples)
    assert one.least <= seconds <= one.most
    assert abs(one.seconds - seconds) <= PERIOD + 1e-9
    assert 0 <= one.begin - begin <= PERIOD + 1e-9


def test_an_outage_that_is_not_seen_to_end_has_no_upper_bound() -> None:
    (one,) = outages(row([Result.OK, Result.RESET, Result.RESET]))
    assert (one.end, one.most) == (None, float("inf"))
    assert "was not seen to end" in str(one)


def test_an_outage_is_told_from_its_first_failed_slot_to_the_first_good_one() -> None:
    ok, bad = Result.OK, Result.RESET
    whole, early, late = (
        outages([Seen(100 + 10.0 * slot, 0.01, result) for slot, result in enumerate(results)])
        for results in ([ok, bad, bad, ok], [bad, bad, ok], [ok, bad, bad])
    )
    bounds = [(one.begin, one.until, one.seconds, one.least, one.most) for (one,) in (whole, early, late)]
    assert bounds == [
        (110.0, 130.0, 20.0, 10.0, 30.0),
        # Nobody saw when the one began and the other ended.
        (100.0, 120.0, 20.0, 10.0, float("inf")),
        (110.0, 120.0, 10.0, 10.0, float("inf")),
    ]
    assert [str(one) for (one,) in (whole, late)] == [
        "2 failed in 20.0 s (10.0 to 30.0 s; reset)",
        "2 failed in 10.0 s and was not seen to end (10.0 s at least; reset)",
    ]


def test_the_classes_of_an_outage_begin_with_the_commonest() -> None:
    (one,) = outages(row([Result.RESET, Result.TIMEOUT, Result.REFUSED, Result.TIMEOUT]))
    assert one.words[0] == "timeout"
    assert set(one.words) == {"timeout", "reset", "refused"}


def test_a_token_whose_life_is_over_is_no_outage_and_ends_none() -> None:
    assert outages(row([Result.OK, Result.EXPIRED, Result.OK])) == []
    (one,) = outages(row([Result.RESET, Result.EXPIRED, Result.RESET, Result.OK]))
    assert one.slots == 2


def test_outages_with_little_between_them_are_one_trouble_with_its_share() -> None:
    samples = row([Result.OK, Result.RESET, Result.OK, Result.OK] * 4 + [Result.OK] * 40 + [Result.RESET])
    first, second = together(outages(samples), [seen.due for seen in samples])
    assert (first.failures, first.samples, second.failures) == (4, 13, 1)
    assert first.ratio == 4 / 13


def test_outages_are_one_trouble_up_to_five_seconds_apart() -> None:
    ok, bad = Result.OK, Result.RESET
    seen = [Seen(at, 0.01, result) for at, result in ((0.0, bad), (1.0, ok), (6.0, bad), (7.0, bad), (8.0, ok))]
    found, due = outages(seen), [one.due for one in seen]
    assert [(one.begin, one.until) for one in together(found, due)] == [(0.0, 8.0)]
    assert [(one.begin, one.until) for one in together(found, due, apart=4.9)] == [(0.0, 1.0), (6.0, 8.0)]


@ANY_PACE
@given(RESULTS)
def test_outages_depend_on_what_is_eventful_only(results: list[Result]) -> None:
    flat = array("f", [0.0] * len(results))
    lane = Lane("compute", "GET", "/", "http://a/", "new", PERIOD)
    due = array("d", [seen.due for seen in row(results)])
    series = Series(lane, due, flat, flat, bytearray(results), bytearray(len(results)))
    assert outages(series.eventful) == outages(series)
