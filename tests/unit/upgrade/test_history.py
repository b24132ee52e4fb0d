"""Two runs beside each other, and many of one kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_upgrade.cli import main
from pytest_upgrade.configured.places import Places
from pytest_upgrade.history.account import Account
from pytest_upgrade.history.difference import differences
from pytest_upgrade.history.trend import trends
from pytest_upgrade.store import Store
from pytest_upgrade.store.values import Event, Finding, Outcome, Run

FIRST = Run("aaaaaa", "n-aaaaaa", "prod", "10.0.0.1", "north", "", "2025.1", "2025.2", began=1.0)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.chdir(tmp_path)
    for name in ("UPGRADE_STORE", "UPGRADE_RUNS", "UPGRADE_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    with Store.open(Places(tmp_path / ".stackproof/upgrades").url) as store:
        yield store


def upgraded(store: Store, run: Run, *, outcome: str = "passed", seconds: float = 10.0, post: bool = True) -> None:
    """A run of one test and one step."""
    store.add_run(run)
    for phase in ("pre", "post") if post else ("pre",):
        word = outcome if phase == "post" else "passed"
        store.outcomes.add(run.id, Outcome(1, phase, "t::a", "compute", "rolling", word, "it is"))
    store.events.add(run.id, Event("nova/api-a", "begin", "nova", at=100.0, source="devcloud"))
    store.events.add(run.id, Event("nova/api-a", "end", "nova", at=100.0 + seconds, ok=True, source="devcloud"))
    store.findings.add(run.id, Finding("post", "server", "web", "exists", outcome == "passed"))


def test_diff_names_what_is_worse_and_exits_with_it(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    upgraded(store, FIRST)
    upgraded(store, replace(FIRST, id="bbbbbb", release_to="2026.1"), outcome="failed", seconds=30.0)
    assert main(["diff", "aaaa", "bbbb"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "release to: 2025.2 -> 2026.1",
        "verdict compute rolling: pass -> fail  WORSE",
        "thing server web exists: yes -> no  WORSE",
        "test post t::a: passed -> failed  WORSE",
        "step nova/api-a: 10.0 s -> 30.0 s",
    ]
    assert main(["diff", "bbbb", "aaaa"]) == 0
    assert "verdict compute rolling: fail -> pass\n" in capsys.readouterr().out
    assert main(["diff", "aaaa", "aaaa"]) == 0
    assert capsys.readouterr().out == "runs aaaaaa and aaaaaa do not differ\n"
    assert main(["diff", "aaaa", "cccc"]) == 3
    assert "no run is called 'cccc'" in capsys.readouterr().err


def test_test_that_passed_and_is_not_there_any_more_is_worse() -> None:
    first = Account(FIRST, "devcloud", {}, {("post", "t::a"): "passed", ("post", "t::b"): "failed"})
    found = list(differences(first, replace(first, tests={("post", "t::c"): "failed"})))
    assert [(one.what, one.worse) for one in found] == [
        ("test post t::a", True), ("test post t::b", False), ("test post t::c", False),
    ]  # fmt: skip


def test_longer_outages_are_worse_and_small_differences_are_none() -> None:
    first = Account(FIRST, "", {}, {}, steps={"a": 10.0}, outages={"compute": 1.0, "image": 4.0})
    second = replace(first, steps={"a": 11.9}, outages={"compute": 9.0, "image": 0.5})
    assert [str(one) for one in differences(first, second)] == [
        "outage of compute: 1.0 s -> 9.0 s  WORSE", "outage of image: 4.0 s -> 0.5 s",
    ]  # fmt: skip


def test_trends_are_of_whole_runs_of_one_kind(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    upgraded(store, FIRST)
    upgraded(store, replace(FIRST, id="bbbbbb", began=2.0), outcome="failed", seconds=20.0)
    upgraded(store, replace(FIRST, id="cccccc", began=3.0, host="10.9.9.9"))
    upgraded(store, replace(FIRST, id="dddddd", began=4.0, release_to="2026.1"))
    upgraded(store, replace(FIRST, id="eeeeee", began=5.0), post=False)
    assert main(["trends"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "2 whole runs of prod at 10.0.0.1, 2025.1 to 2025.2 by devcloud: aaaaaa bbbbbb",
        "compute rolling: pass fail",
        "step nova/api-a: median 15.0 s, last 20.0 s of 2",
    ]
    assert main(["trends", "dddddd"]) == 0
    assert "1 whole runs of prod at 10.0.0.1, 2025.1 to 2026.1 by devcloud: dddddd" in capsys.readouterr().out


def test_trends_have_percentiles_from_five_runs_on() -> None:
    accounts = [Account(FIRST, "", {}, {}, outages={"compute": float(n)}) for n in range(1, 6)]
    assert list(trends(accounts)) == ["outage of compute: P50 3.0 s, P95 5.0 s, P99 5.0 s, last 5.0 s of 5"]
    assert list(trends(accounts[:4])) == [
        "outage of compute: last 4.0 s; 4 runs were observed, from 5 on there are percentiles"
    ]


def test_trends_of_nothing_say_so(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trends"]) == 3
    assert "there are no runs in sqlite:///" in capsys.readouterr().err
