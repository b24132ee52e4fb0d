"""From an outage on the wire to a verdict that names its step, given again with other thresholds."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from pytest_upgrade.cli import main
from pytest_upgrade.configured.places import Places
from pytest_upgrade.persistent.heartbeat import Heartbeat, Outage
from pytest_upgrade.selftest.proxy import Fault
from pytest_upgrade.selftest.trial import Trial
from pytest_upgrade.selftest.trial import run as trial
from pytest_upgrade.store import Store
from pytest_upgrade.store.values import Event, Outcome, Run
from pytest_upgrade.verdicts.samples import Samples

RUN = Run("3f9a1c", "20261121T073000Z-3f9a1c", "prod", "10.0.0.1", "north")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("project")


@pytest.fixture(scope="module")
def places(project: Path) -> Places:
    return Places(project / ".stackproof/upgrades")


@pytest.fixture(scope="module")
def seen(places: Places) -> Trial:
    """An upgrade of two steps: nothing happens in the first, the second has an outage."""
    made = asyncio.run(trial(places.directory(RUN.name).folder(), [(Fault.ERROR, 1.0)], quiet=6.0))
    (fault,) = made.injected
    with Store.open(places.url) as store:
        store.add_run(RUN)
        for phase in ("pre", "post"):
            store.outcomes.add(RUN.id, Outcome(1, phase, "t::a", "selftest", "rolling", "passed"))
        for step, begin, end in (
            ("", made.begin + 2, fault.end + 2), ("calm", made.begin + 2, fault.begin - 1),
            ("storm", fault.begin - 0.5, fault.end + 0.5),
        ):  # fmt: skip
            store.events.add(RUN.id, Event(step, "begin", at=begin))
            store.events.add(RUN.id, Event(step, "end", at=end, ok=True))
    return made


@pytest.fixture(autouse=True)
def here(project: Path, monkeypatch: pytest.MonkeyPatch, seen: Trial) -> None:
    monkeypatch.chdir(project)
    monkeypatch.delenv("UPGRADE_STORE", raising=False)
    monkeypatch.delenv("UPGRADE_RUNS", raising=False)


def test_the_outage_fails_its_step_and_says_how_it_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["judge", "--json", "-"]) == 1
    document = json.loads(capsys.readouterr().out)
    verdicts = {one["tag"]: one for one in document["verdicts"]}
    assert {tag: one["word"] for tag, one in verdicts.items()} == {
        "rolling": "pass", "zero_downtime": "fail", "zero_impact": "fail",
    }  # fmt: skip
    assert verdicts["zero_downtime"]["steps"] == ["storm"]
    assert "; server error) during storm" in verdicts["zero_downtime"]["reason"]
    baseline = [one for one in verdicts["zero_impact"]["findings"] if one["rule"] == "baseline"]
    assert {one["word"] for one in baseline} == {"inconclusive"}


def test_it_is_judged_again_with_other_thresholds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["judge", "--tag", "zero_downtime"]) == 1
    assert main(["judge", "--tag", "zero_impact", "--set", "baseline=1"]) == 1
    assert "baseline" not in capsys.readouterr().out
    assert main(["judge", "--tag", "rolling"]) == 0


def test_what_is_misused_is_told_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["judge", "--set", "nonsense=1"]) == 3
    assert "no threshold is called 'nonsense'" in capsys.readouterr().err
    assert main(["judge", "--service", "compute"]) == 3
    assert "no lane observes compute" in capsys.readouterr().err


def test_each_failed_request_is_kept_with_its_request_id(seen: Trial, places: Places) -> None:
    (fault,) = seen.injected
    failures = Samples(places.directory(RUN.name).path).failures(fault.begin, fault.end)
    assert len(failures) >= 8
    assert {one.status for one in failures} == {500}
    assert all(one.request_id.startswith("req-") for one in failures)
    assert {one.lane for one in failures} == {"GET selftest / (new)", "GET selftest / (reused)"}


def test_status_tells_that_no_observer_lives_and_what_it_saw(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["observe", "status"]) == 1
    said = capsys.readouterr().out
    assert "has ended; priority" in said
    assert "GET selftest / (new): ok;" in said
    assert "on a new connection" in said
    assert main(["observe", "stop"]) == 1


def test_a_run_that_nobody_observed_has_no_verdict(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    other = Run("aaaaaa", "20261121T073000Z-aaaaaa", "prod", "10.0.0.1", "north", closed=1.0)
    with Store.open(places.url) as store:
        store.add_run(other)
    assert main(["judge", other.id]) == 3
    assert "there are no samples" in capsys.readouterr().err


def test_the_report_of_the_run_has_the_picture(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", RUN.id, "-o", "page.html"]) == 0
    text = (project / "page.html").read_text()
    assert '"name":"storm"' in text
    assert "<td><details><summary><b class='su-word su-fail'>fail</b><span class='su-steps'>storm</span>" in text


def test_what_a_guest_saw_of_the_upgrade_is_told_with_its_step(
    seen: Trial, places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    (fault,) = seen.injected
    outage = Outage("no network", fault.begin, fault.begin + 3)
    with Store.open(places.url) as store:
        Heartbeat("web", seen.begin, fault.end, 20, (outage,)).keep(store, RUN.id, "post")
    assert main(["judge", "--tag", "rolling"]) == 0
    *_, told = capsys.readouterr().out.splitlines()
    assert told.startswith("guest of web: no network for 3 s from ")
    assert told.endswith(" during storm")


def test_what_guests_saw_is_judged_where_nobody_observed(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    unseen = Run("bbbbbb", "20261121T073000Z-bbbbbb", "prod", "10.0.0.1", "north", closed=1.0)
    with Store.open(places.url) as store:
        store.add_run(unseen)
        store.events.add(unseen.id, Event("", "begin", at=1000.0))
        store.events.add(unseen.id, Event("", "end", at=1060.0))
        Heartbeat("web", 900.0, 1100.0, 200).keep(store, unseen.id, "post")
    assert main(["judge", unseen.id, "--html", "guests.html"]) == 0
    assert "guests zero_downtime: PASS: the guest never stood still" in capsys.readouterr().out
    assert "su-pass'>pass</b>" in Path("guests.html").read_text()
    with Store.open(places.url) as store:
        Heartbeat("web", 900.0, 1100.0, 170, (Outage("stopped", 1010.0, 1040.0),)).keep(store, unseen.id, "post")
    assert main(["judge", unseen.id, "--tag", "zero_downtime"]) == 1
    assert "guests zero_downtime: FAIL: outage: web: stopped for 30 s" in capsys.readouterr().out
