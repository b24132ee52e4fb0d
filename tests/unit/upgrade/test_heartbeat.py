"""What guests have written of themselves: by our clock, in the store, beside the lanes of the report."""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_upgrade.observers.lane import Lane
from pytest_upgrade.observers.result import Result
from pytest_upgrade.persistent import heartbeat
from pytest_upgrade.persistent.heartbeat import Heartbeat, Outage
from pytest_upgrade.store import Store
from pytest_upgrade.store.values import Artifact, Event, Run
from pytest_upgrade.verdicts import page
from pytest_upgrade.verdicts.judging import Case
from pytest_upgrade.verdicts.picture import picture
from pytest_upgrade.verdicts.series import Series
from pytest_upgrade.verdicts.steps import StepSpan
from pytest_upgrade.verdicts.thresholds import Thresholds

RUN = Run("3f9a1c", "20261121T073000Z-3f9a1c", "prod", "10.0.0.1", "north")
BEGIN = 1_795_993_200
LANE = Lane("compute", "GET", "/servers", "http://10.0.0.1/", "new", 0.2)


def written(ahead: int = 0) -> str:
    """A minute of a guest whose gateway was away for five seconds from the tenth, and then what its clock says."""
    seconds = range(BEGIN + ahead, BEGIN + ahead + 60)
    lines = [f"{at} {'lost' if 10 <= at - BEGIN - ahead < 15 else 'ok'}" for at in seconds]
    return "\n".join([*lines, str(BEGIN + ahead + 60), ""])


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.open("sqlite://") as store:
        store.add_run(RUN)
        for step, at, kind in (("neutron", 8, "begin"), ("neutron", 20, "end"), ("nova", 30, "begin")):
            store.events.add(RUN.id, Event(step, kind, at=BEGIN + at))  # type: ignore[arg-type]
        yield store


@pytest.mark.parametrize(("ahead", "seconds"), [(0, 0.0), (3600, 0.5), (-90, 0.5)])
def test_outages_are_told_by_our_clock_whatever_the_guests_says(ahead: int, seconds: float) -> None:
    """Asked for at 60.2 and answered at 61.4 by our own clock: the guest's second is in between, or anywhere."""
    found = Heartbeat.from_text("web", written(ahead), BEGIN + 60.2, BEGIN + 61.4)
    assert (found.server, found.beats) == ("web", 60)
    (one,) = found.outages
    shifts = [found.begin - BEGIN, found.end - BEGIN - 59, one.start - BEGIN - 9, one.end - BEGIN - 15]
    assert shifts == pytest.approx([0.3 if seconds else 0.0] * 4, abs=0.001)
    assert (one.kind, one.seconds) == ("no network", 6)


def test_a_guest_that_has_written_nothing_has_no_outages() -> None:
    found = Heartbeat.from_text("web", f"{BEGIN}\n", BEGIN, BEGIN + 1)
    assert (found.beats, found.outages) == (0, ())


def test_the_last_look_at_each_guest_is_kept(store: Store) -> None:
    early = Heartbeat("web", 1.0, 5.0, 5)
    late = Heartbeat("web", 1.0, 9.0, 8, (Outage("stopped", 5.0, 8.0),))
    other = Heartbeat("db", 1.0, 9.0, 9)
    for one in (other, early, late):
        one.keep(store, RUN.id, "post")
    store.artifacts.add(RUN.id, Artifact("post", "another", "application/json", b"{}"))
    assert heartbeat.kept(store, RUN) == [other, late]


def drawn(*guests: Heartbeat, lanes: bool = True) -> dict[str, object]:
    due = array("d", [BEGIN + slot * 0.2 for slot in range(300)])
    flat = array("f", [0.02] * len(due))
    series = Series(LANE, due, flat, flat, bytearray([Result.OK] * len(due)), bytearray(len(due)))
    return picture(Case(None, [], [series] if lanes else [], guests=guests), [])


def test_the_data_plane_lies_beside_the_lanes_by_the_same_clock() -> None:
    guest = Heartbeat.from_text("web", written(3600), BEGIN + 60.1, BEGIN + 60.9)
    lanes = drawn(guest)["lanes"]
    assert [lane["service"] for lane in lanes] == ["compute", "data plane"]  # type: ignore[attr-defined]
    lane = lanes[-1]  # type: ignore[index]
    assert lane["outages"] == [[9.0, 15.0, 6, "no network", "as its guest wrote down", "", None, None]]
    assert (lane["name"], lane["what"], lane["samples"], lane["failed"]) == ("heartbeat of web", "beats", 60, 6)


def test_only_the_time_in_which_lanes_were_observed_is_drawn_and_else_that_of_the_guest() -> None:
    outages = [Outage("stopped", BEGIN + at, BEGIN + at + 20) for at in (-100, -10, 50, 200)]
    guest = Heartbeat("web", BEGIN - 500.0, BEGIN + 500.0, 1000, tuple(outages))
    lane = drawn(guest)["lanes"][-1]  # type: ignore[index]
    assert [outage[:2] for outage in lane["outages"]] == [[0, 10.0], [50.0, 59.8]]
    assert (lane["from"], lane["to"]) == (0, 59.8)
    alone = drawn(guest, lanes=False)
    assert (alone["begin"], alone["seconds"]) == (BEGIN - 500.0, 1000.0)
    assert len(alone["lanes"][0]["outages"]) == 4  # type: ignore[index]


def test_the_report_of_a_run_has_what_its_guests_saw_even_if_nobody_observed(store: Store, tmp_path: Path) -> None:
    assert page.of_run(store, RUN, tmp_path) == ""
    Heartbeat.from_text("web", written(), BEGIN + 60.2, BEGIN + 61.4).keep(store, RUN.id, "post")
    shown = page.of_run(store, RUN, tmp_path)
    data = re.search(r"id='su-data'>(.*?)</script>", shown, re.DOTALL)
    assert data is not None
    assert [lane["name"] for lane in json.loads(data[1])["lanes"]] == ["heartbeat of web"]
    case = Case.of(store, RUN, None, Thresholds())
    assert list(case.data_plane()) == ["guest of web: no network for 6 s from 2026-11-29T23:00:09Z during neutron"]


def test_an_outage_between_the_steps_is_told_without_one() -> None:
    guest = Heartbeat("web", BEGIN, BEGIN + 60.0, 50, (Outage("stopped", BEGIN + 40.0, BEGIN + 52.0),))
    case = Case(None, [StepSpan("nova", "", "", BEGIN, BEGIN + 10.0)], [], guests=[guest])
    assert list(case.data_plane()) == ["guest of web: stopped for 12 s from 2026-11-29T23:00:40Z"]
