"""The store: written by many at the same time, carried forward, refused where it is too new."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.schema import CreateTable

from pytest_upgrade.configured.choosing import named, opened, the_run
from pytest_upgrade.configured.places import without_password
from pytest_upgrade.store import Store, tables
from pytest_upgrade.store.migrations import MIGRATIONS, VERSION
from pytest_upgrade.store.values import Artifact, Baseline, Event, Evidence, Kept, Run
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.storing import engine
from tests.doubles.serving import nobody

RUN = Run("3f9a1c", "20261121T073000Z-3f9a1c", "prod", "10.0.0.1", "north")
OTHER = Run("77aa00", "20261122T073000Z-77aa00", "prod", "10.0.0.1", "north")
WRITER = """
import sys
from pytest_upgrade.store import Store
from pytest_upgrade.store.values import Event
with Store.open(sys.argv[1]) as store:
    for number in range(40):
        store.events.add("3f9a1c", Event(f"{sys.argv[2]}-{number}", "task"))
"""


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/deep/store.sqlite"


def test_values_come_back_as_they_were(url: str) -> None:
    kept = Kept("volume", "data", {"size": 1}, {"id": "a1", "sum": "ffé"}, noted=1.0)
    artifact = Artifact("pre", "log", "text/plain", b"\x00\xff", at=2.0)
    with Store.open(url) as store:
        store.add_run(RUN)
        store.resources.add(RUN.id, kept)
        store.artifacts.add(RUN.id, artifact)
        store.baselines.replace(RUN.id, Baseline("t", "n", [1, {"a": None}], at=3.0), "test", "name")
        store.baselines.replace(RUN.id, Baseline("t", "n", "newer", at=4.0), "test", "name")
        assert store.resources.set(RUN.id, {"kind": "volume"}, made=5.0) == 1
    with Store.open(url) as store:
        assert store.runs() == [RUN]
        assert [(one.state, one.made) for one in store.resources.of(RUN.id)] == [(kept.state, 5.0)]
        assert store.artifacts.of(RUN.id) == [artifact]
        assert [one.value for one in store.baselines.of(RUN.id)] == ["newer"]
        assert store.artifacts.of(OTHER.id) == []


def test_processes_write_at_the_same_time(url: str) -> None:
    with Store.open(url) as store:
        store.add_run(RUN)
        writers = [subprocess.Popen([sys.executable, "-c", WRITER, url, str(n)]) for n in range(3)]
        assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0]
        assert len({event.step for event in store.events.of(RUN.id)}) == 120


def test_store_that_is_newer_is_refused_and_left_as_it_is(url: str, tmp_path: Path) -> None:
    Store.open(url).close()
    with sqlite3.connect(tmp_path / "deep/store.sqlite") as raw:
        raw.execute("UPDATE stackproof_schema SET version = 99")
    with pytest.raises(StackproofError, match=f"schema 99, and this stackproof knows schemas up to {VERSION}"):
        Store.open(url)
    with sqlite3.connect(tmp_path / "deep/store.sqlite") as raw:
        assert raw.execute("SELECT version FROM stackproof_schema").fetchall() == [(99,)]


def test_migration_that_was_cut_short_is_done_again(url: str, tmp_path: Path) -> None:
    with Store.open(url) as store:
        store.add_run(RUN)
    with sqlite3.connect(tmp_path / "deep/store.sqlite") as raw:
        raw.execute("UPDATE stackproof_schema SET version = 0")
        raw.execute("DROP TABLE artifact")
    with Store.open(url) as store:
        assert store.runs() == [RUN]
        assert store.artifacts.of(RUN.id) == []


def test_store_of_the_first_schema_is_carried_forward_with_all_that_it_has(url: str, tmp_path: Path) -> None:
    first = engine(url, elsewhere="")
    with first.begin() as connection:
        connection.execute(CreateTable(tables.schema))
        connection.execute(tables.schema.insert().values(version=1))
        MIGRATIONS[0](connection)
    with sqlite3.connect(tmp_path / "deep/store.sqlite") as raw:
        assert raw.execute("SELECT name FROM sqlite_master WHERE name = 'evidence'").fetchall() == []
        raw.execute("INSERT INTO run VALUES ('old', 'n', 'c', 'h', 'r', '', '', '', 1.0, NULL)")
    with Store.open(url) as store:
        assert [run.id for run in store.runs()] == ["old"]
        store.evidence.add("old", Evidence("pre", "compute", "", "API", "2.100", ["2025.1"]))
        assert [one.releases for one in store.evidence.of("old")] == [["2025.1"]]
    with sqlite3.connect(tmp_path / "deep/store.sqlite") as raw:
        assert raw.execute("SELECT version FROM stackproof_schema").fetchall() == [(VERSION,)]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("no url", "cannot be understood"),
        ("oracle-of-delphi://host/name", "cannot be understood"),
        ("sqlite:////proc/none/store.sqlite", "cannot be used|cannot be made"),
    ],
)
def test_store_that_cannot_be_is_told_in_one_sentence(url: str, told: str) -> None:
    with pytest.raises(StackproofError, match=told) as caught:
        Store.open(url)
    assert caught.value.hint


def test_password_is_not_in_the_error_nor_taken_from_a_command_line() -> None:
    with nobody() as port, pytest.raises(StackproofError) as caught:
        Store.open(f"mysql+pymysql://lab:canary-9d1e@127.0.0.1:{port}/stackproof")
    assert "canary-9d1e" not in caught.value.sentence
    with pytest.raises(StackproofError, match="every user of this machine") as refused:
        without_password("mysql+pymysql://lab:canary-9d1e@db/x", "--upgrade-store")
    assert "canary-9d1e" not in refused.value.sentence
    assert without_password("mysql+pymysql://lab:canary-9d1e@db/x", "$UPGRADE_STORE").startswith("mysql")


def test_the_only_open_run_is_meant_unless_one_is_named() -> None:
    with Store.open("sqlite://") as store:
        with pytest.raises(StackproofError, match="no run is open"):
            the_run(store)
        store.add_run(RUN)
        assert the_run(store) == opened(store, host="10.0.0.1", region="north") == named(store, "3f") == RUN
        assert opened(store, host="10.0.0.2", region="north") is None
        store.add_run(OTHER)
        with pytest.raises(StackproofError, match="2 runs are open: 3f9a1c of prod and 77aa00 of prod"):
            the_run(store)
        with pytest.raises(StackproofError, match="no run is called 'ff'"):
            named(store, "ff")
        store.set_run(OTHER.id, closed=9.0)
        assert the_run(store) == RUN


def test_events_keep_their_order() -> None:
    with Store.open("sqlite://") as store:
        store.add_run(RUN)
        for step in "cab":
            store.events.add(RUN.id, Event(step, "begin"))
        assert [event.step for event in store.events.of(RUN.id)] == ["c", "a", "b"]
