"""What `observe watch` shows of samples: a row per lane, the step, open outages, open breakers."""

from __future__ import annotations

import io
import re
import time
from pathlib import Path

import pytest
from rich.console import Console

from pytest_upgrade.cli import main
from pytest_upgrade.commands.live import Row, View, drawn
from pytest_upgrade.configured.places import Places
from pytest_upgrade.observers import clock
from pytest_upgrade.observers.canaries import lanes
from pytest_upgrade.observers.lane import Lane
from pytest_upgrade.observers.notebook import Notebook
from pytest_upgrade.observers.observing import SAMPLES
from pytest_upgrade.observers.result import Result
from pytest_upgrade.observers.sample import Sample, Trip
from pytest_upgrade.store import Store
from pytest_upgrade.store.values import Event, Run
from pytest_upgrade.verdicts.samples import Samples

RUN = Run("3f9a1c", "20261121T073000Z-3f9a1c", "prod", "10.0.0.1", "north", began=0.0)
READ = Lane("compute", "GET", "/", "http://10.0.0.1:8774/", "new", 1.0)
(WRITE,) = lanes("network", "http://10.0.0.1:9696")
OK, BAD, OVER = Result.OK, Result.REFUSED, Result.EXPIRED


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    monkeypatch.chdir(tmp_path)
    for name in ("UPGRADE_STORE", "UPGRADE_RUNS"):
        monkeypatch.delenv(name, raising=False)
    places = Places(tmp_path / ".stackproof/upgrades")
    with Store.open(places.url) as store:
        store.add_run(RUN)
        store.events.add(RUN.id, Event("nova", "begin", at=time.time() - 7))
    return places


def observed(places: Places, *results: Result, trips: tuple[bool, ...] = ()) -> None:
    """Samples of a lane that reads, whose last slot is due now, and one of a canary."""
    notebook = Notebook(places.directory(RUN.name).folder() / SAMPLES, "normal")
    now = clock.now()
    read = notebook.lane(READ, now - (len(results) - 1) * clock.SECOND)
    write = notebook.lane(WRITE, now)
    for slot, result in enumerate(results):
        took = 90_000 if slot == 1 else 20_000
        notebook.record(Sample(read, slot, 0, took, result))
    notebook.record(Sample(write, 0, 0, 20_000, OK))
    for open in trips:
        notebook.record(Trip(write, now, open, "5 failures in a row"))
    notebook.close()


def rows(places: Places) -> list[Row]:
    return [Row.of(one, {}) for one in Samples(places.directory(RUN.name).path).latest(4)]


def test_a_row_has_the_last_slots_and_the_usual_time(places: Places) -> None:
    observed(places, BAD, OK, OK, OK, BAD, OK, OK)
    read, write = rows(places)
    assert (read.name, read.strip) == (READ.name, "▂█▂▂")
    assert read.milliseconds == pytest.approx(20)
    assert (read.failing_since, read.now(0.0)) == (None, "ok")
    assert (write.name, write.strip) == (WRITE.name, "▂")


def test_what_takes_three_times_as_long_is_drawn_as_slow(places: Places) -> None:
    observed(places, OK, OK, OK, OK)
    assert rows(places)[0].strip == "▂▅▂▂"


def test_the_clock_of_an_outage_runs_from_its_first_failed_slot(places: Places) -> None:
    """Also if that is further back than the strip; a token whose life is over begins none."""
    observed(places, OK, OVER, BAD, BAD, BAD, BAD, BAD, BAD)
    row = rows(places)[0]
    assert row.failing_since == pytest.approx(time.time() - 5, abs=5)
    due = [one.due for one in Samples(places.directory(RUN.name).path).series()[0]]
    assert row.failing_since == pytest.approx(due[2], abs=0.001)
    assert row.now(due[2] + 12) == "OUT for 12 s (refused)"


def test_lines_tell_the_step_the_outage_and_the_breaker(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    observed(places, OK, BAD, BAD, trips=(True, False, True))
    assert main(["observe", "watch", "--once"]) == 1
    said = capsys.readouterr().out
    assert re.search(r"run 3f9a1c: NO OBSERVER LIVES; nova for \d+ s; 1 of 2 lanes are out", said)
    assert "  GET compute / (new): OUT for " in said
    assert "  POST network /networks (new): ok, spared: 5 failures in a row" in said


def test_a_breaker_that_has_closed_and_lanes_that_are_well_take_no_line(
    places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    observed(places, BAD, OK, OK, trips=(True, False))
    main(["observe", "watch", "--once"])
    assert capsys.readouterr().out.count("\n") == 1


def test_the_table_has_a_row_for_each_lane(places: Places) -> None:
    observed(places, OK, BAD, BAD)
    with Store.open(places.url) as store:
        from pytest_upgrade.commands.context import Context

        view = View.of(Context(store, places), RUN)
    console = Console(file=io.StringIO(), width=160, color_system=None)
    console.print(drawn(view))
    shown = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert [line.split()[:3] for line in shown if "(new)" in line] == [
        ["GET", "compute", "/"], ["POST", "network", "/networks"],
    ]  # fmt: skip
    assert "OUT for" in next(line for line in shown if line.startswith("GET"))
