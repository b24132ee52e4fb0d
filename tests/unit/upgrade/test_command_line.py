"""What `pytest-upgrade` says of runs, and what it takes in and gives out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_upgrade.cli import main
from pytest_upgrade.configured.places import Places
from pytest_upgrade.store import Store
from pytest_upgrade.store.secrets import Secrets
from pytest_upgrade.store.values import Artifact, Attempt, Evidence, Finding, HealthSign, Kept, Outcome, Run

RUN = Run("3f9a1c", "20261121T073000Z-3f9a1c", "prod", "10.0.0.1", "north", began=0.0)
CANARY = "canary-77e0"


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """A project with one open run, and the shell in it."""
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    monkeypatch.delenv("UPGRADE_STORE", raising=False)
    monkeypatch.delenv("UPGRADE_RUNS", raising=False)
    places = Places(project / ".stackproof/upgrades")
    with Store.open(places.url) as store:
        store.add_run(RUN)
        attempt = store.attempts.add(RUN.id, Attempt("pre", began=0.0, ended=9.0, outcome="passed", machine="m"))
        store.outcomes.add(RUN.id, Outcome(attempt, "pre", "t::a", "compute", "rolling", "passed"))
        store.resources.add(RUN.id, Kept("server", "web", {}, {"id": "a1"}))
        store.artifacts.add(RUN.id, Artifact("pre", "log", "text/plain", b"\x00\xff", at=0.0))
    Secrets(places.directory(RUN.name)).set("password", CANARY)
    return places


def test_runs_and_show_tell_what_is_known(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs"]) == 0
    assert "3f9a1c  1970-01-01T00:00:00Z  prod at 10.0.0.1  pre; open" in capsys.readouterr().out
    assert main(["show"]) == 0
    shown = capsys.readouterr().out
    assert "phase pre: 1970-01-01T00:00:00Z on m, 9 s, passed" in shown
    assert "compute, rolling, pre: 1 passed" in shown
    assert "server 'web': not looked at after it was made" in shown


@pytest.mark.parametrize(("ok", "code", "word"), [(False, 1, "NO: it is gone"), (None, 2, "not judged: it is gone")])
def test_show_exits_with_the_verdict(
    places: Places, capsys: pytest.CaptureFixture[str], ok: bool | None, code: int, word: str
) -> None:
    with Store.open(places.url) as store:
        store.findings.add(RUN.id, Finding("post", "server", "web", "exists", ok, "it is gone"))
    assert main(["show", "3f9a"]) == code
    assert f"server 'web': exists {word}" in capsys.readouterr().out


def test_show_tells_of_the_last_phase_that_looked(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    with Store.open(places.url) as store:
        for level in ("usable", "exists"):
            store.findings.add(RUN.id, Finding("pre", "server", "web", level, True))
        store.evidence.add(RUN.id, Evidence("pre", "compute", "c1", "process", "nova 31.3.1", ["2025.1"]))
        store.signs.add(RUN.id, HealthSign("pre", "compute", "c1", "nova-compute", False, "is down"))
    assert main(["show"]) == 0
    shown = capsys.readouterr().out
    assert "server 'web': exists yes, usable yes" in shown
    assert "compute, pre: process on c1 says nova 31.3.1: 2025.1" in shown
    assert "compute, pre: nova-compute c1 is down" in shown
    with Store.open(places.url) as store:
        store.findings.add(RUN.id, Finding("post", "server", "web", "intact", False, "it was rebooted"))
    assert main(["show"]) == 1
    assert "server 'web': intact NO: it was rebooted" in capsys.readouterr().out


def test_marks_are_events_of_the_run(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mark", "begin", "nova", "--service", "nova"]) == 0
    assert main(["mark", "end", "nova", "--failed", "--text", "db sync"]) == 0
    assert main(["mark", "end"]) == 0
    with Store.open(places.url) as store:
        events = [(one.kind, one.step, one.service, one.ok, one.text) for one in store.events.of(RUN.id)]
    assert events == [
        ("begin", "nova", "nova", None, ""), ("end", "nova", "", False, "db sync"), ("end", "", "", True, ""),
    ]  # fmt: skip
    assert "end of the upgrade" in capsys.readouterr().out


def test_run_goes_to_another_machine_and_its_secrets_only_if_asked(
    places: Places, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bare, full = tmp_path / "bare.json", tmp_path / "full.json"
    assert main(["export", "-o", str(bare)]) == main(["export", "-o", str(full), "--with-secrets"]) == 0
    assert (CANARY in bare.read_text(), CANARY in full.read_text()) == (False, True)
    assert full.stat().st_mode & 0o777 == 0o600
    assert main(["export", "--with-secrets"]) == 3
    assert main(["export", "-o", str(bare)]) == 3

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert main(["import", str(full)]) == 0
    with Store.open(places.url) as here, Store.open(Places(elsewhere / ".stackproof/upgrades").url) as there:
        assert there.runs() == here.runs()
        for rows in ("attempts", "outcomes", "resources", "artifacts"):
            assert getattr(there, rows).of(RUN.id) == getattr(here, rows).of(RUN.id) != []
    taken = Secrets(Places(elsewhere / ".stackproof/upgrades").directory(RUN.name))
    assert taken.get("password") == CANARY
    assert taken.file.stat().st_mode & 0o777 == 0o600
    capsys.readouterr()
    assert main(["import", str(full)]) == 3
    assert "has run 3f9a1c already; see `pytest-upgrade show 3f9a1c`" in capsys.readouterr().err


def test_archive_that_cannot_be_read_changes_nothing(
    places: Places, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "run.json"
    assert main(["export", "-o", str(file)]) == 0
    document = json.loads(file.read_text())
    document["run"]["id"] = "other"
    document["schema"] = 99
    for text in (json.dumps(document), file.read_text()[:300], "[]", '{"stackproof_upgrade_run": 1, "schema": 1}'):
        file.write_text(text)
        assert main(["import", str(file)]) == 3
        assert "Traceback" not in capsys.readouterr().err
    with Store.open(places.url) as store:
        assert [run.id for run in store.runs()] == [RUN.id]


def test_misuse_and_an_empty_store_have_their_own_codes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as caught:
        main(["mark", "sideways"])
    assert caught.value.code == 4
    assert main(["runs"]) == 0
    assert "begins one" in capsys.readouterr().out
    assert main(["show"]) == 3
    assert "begin one with `pytest --phase=pre`" in capsys.readouterr().err
