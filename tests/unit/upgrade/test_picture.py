"""What the page is given to draw, and that nothing in it can break out of it."""

from __future__ import annotations

import json
import re
from array import array

from pytest_upgrade.observers.lane import Lane
from pytest_upgrade.observers.result import Result
from pytest_upgrade.store.values import Event
from pytest_upgrade.verdicts import page, steps
from pytest_upgrade.verdicts.judging import Case, verdicts
from pytest_upgrade.verdicts.picture import picture
from pytest_upgrade.verdicts.samples import FailedRequest
from pytest_upgrade.verdicts.series import Series, Span

BEGIN = 1_795_993_200.0
EVIL = "</script><script>alert(1)</script>"
LANE = Lane("compute", "GET", "/servers", "http://10.0.0.1/", "new", 0.2)


def case() -> Case:
    """A minute of which the tenth second fails and the thirtieth was not seen."""
    due = array("d", [BEGIN + slot * 0.2 for slot in range(300) if not 150 <= slot < 155])
    failed = [BEGIN + 10 <= at < BEGIN + 11 for at in due]
    took = array("f", [0.02] * len(due))
    result = bytearray(Result.UNAVAILABLE if one else Result.OK for one in failed)
    lane = Series(LANE, due, took, took, result, bytearray(len(due)), (Span(BEGIN + 30, BEGIN + 31, "blind"),))
    events = [
        Event("", "begin", at=BEGIN + 5), Event(EVIL, "begin", at=BEGIN + 8),
        Event(EVIL, "end", at=BEGIN + 12, ok=False), Event("", "end", at=BEGIN + 50),
    ]  # fmt: skip
    return Case(steps.upgrade(events), steps.spans(events), [lane])


FAILURES = [FailedRequest(LANE.name, BEGIN + 10, Result.UNAVAILABLE, 503, "503, come again later", "req-1", "10.0.0.1")]


def test_a_lane_has_its_outages_with_the_first_failed_request_its_gaps_and_its_curve() -> None:
    drawn = picture(case(), FAILURES)
    (lane,) = drawn["lanes"]
    assert (drawn["begin"], drawn["upgrade"]) == (BEGIN, [5.0, 50.0])
    # The last good slot before it and its last failed one: it took 0.8 to 1.2 s.
    assert lane["outages"] == [[10.0, 11.0, 5, "unavailable", "503, come again later", "req-1", 9.8, 10.8]]
    assert lane["gaps"] == [[30.0, 31.0, "blind"]]
    assert (lane["samples"], lane["failed"]) == (295, 5)
    assert {tuple(point[1:]) for point in lane["curve"]} == {(20.0, 20.0)}
    assert not [point for point in lane["curve"] if 10 < point[0] < 11]


def test_an_outage_whose_begin_or_end_was_not_seen_has_no_upper_bound() -> None:
    due = array("d", [BEGIN + slot * 0.2 for slot in range(20)])
    flat = array("f", [0.02] * len(due))
    result = bytearray([Result.REFUSED] * 3 + [Result.OK] * 14 + [Result.REFUSED] * 3)
    (lane,) = picture(Case(None, [], [Series(LANE, due, flat, flat, result, bytearray(len(due)))]), [])["lanes"]
    assert [one[6:] for one in lane["outages"]] == [[None, 0.4], [None, 3.8]]


def test_more_outages_than_can_be_drawn_are_counted() -> None:
    """A service that fails every other request for a quarter of an hour."""
    due = array("d", [BEGIN + slot * 0.2 for slot in range(4200)])
    flat = array("f", [0.02] * len(due))
    result = bytearray([Result.OK, Result.UNAVAILABLE] * 2100)
    (lane,) = picture(Case(None, [], [Series(LANE, due, flat, flat, result, bytearray(len(due)))]), [])["lanes"]
    assert (len(lane["outages"]), lane["more"], lane["failed"]) == (2000, 100, 2100)


def test_names_of_steps_are_text_wherever_they_stand() -> None:
    whole = page.alone("3f9a1c", verdicts(case()), picture(case(), FAILURES))
    assert EVIL not in whole
    data = re.search(r"id='su-data'>(.*?)</script>", whole, re.DOTALL)
    assert data is not None
    assert json.loads(data[1])["steps"][0]["name"] == EVIL
    assert "&lt;/script&gt;" in whole


def test_the_page_needs_no_network() -> None:
    whole = page.alone("3f9a1c", verdicts(case()), picture(case(), FAILURES))
    assert "<b class='su-word su-fail'>fail</b>" in whole
    assert set(re.findall(r"https?://[\w./]+", whole)) == {"http://www.w3.org/2000/svg"}


def test_nothing_observed_is_no_error() -> None:
    assert picture(Case(None, [], []), [])["lanes"] == []
