"""The verbs of the observer from a shell, against the surface of a cloud."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_upgrade.cli import main
from pytest_upgrade.observers import outside
from pytest_upgrade.places import Places
from pytest_upgrade.store import Store
from pytest_whitebox.core.wait import wait_for
from tests.doubles.openstack import Openstack, environment, serve


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A shell with the variables of a cloud, in a project without a run."""
    for name in [name for name in os.environ if name.startswith(("OS_", "UPGRADE_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    no_administrator = Openstack(
        fail=lambda method, service, path: 403 if (method, path) == ("POST", "projects") else 0
    )
    with serve(no_administrator) as url:
        for name, value in environment(url).items():
            monkeypatch.setenv(name, value)
        yield tmp_path
        for lock in tmp_path.glob(f".stackproof/upgrades/*/{outside.LOCK}"):
            outside.stop(lock.parent)


def test_an_observer_is_begun_with_a_run_of_its_own_asked_and_ended(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["observe", "start", "--service", "compute"]) == 0
    said = capsys.readouterr().out
    places = Places(project / ".stackproof/upgrades")
    with Store.open(places.url) as store:
        (run,) = store.runs()
    assert f"run {run.id} of envvars begins" in said
    assert "no control lane" in said
    assert f"run {run.id}: process {outside.alive(places.directory(run.name).path)} observes 2 lanes" in said

    def answered() -> bool:
        main(["observe", "status"])
        return "GET compute /servers (new): ok; " in capsys.readouterr().out

    wait_for(answered, timeout=60, what="samples of both lanes")
    assert main(["observe", "status"]) == 0
    assert main(["observe", "stop"]) == 0
    assert main(["observe", "stop"]) == 1
    assert main(["judge", "--tag", "zero_downtime"]) == 2
    assert "compute zero_downtime: INCONCLUSIVE" in capsys.readouterr().out
