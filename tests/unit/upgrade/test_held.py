"""What a cleanup is told of upgrades: what their runs made is left alone until they are closed."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from pytest_upgrade.configured.places import FOLDER, Places
from pytest_upgrade.held import keeper
from pytest_upgrade.store import Store
from pytest_upgrade.store.values import Run
from pytest_whitebox.core.errors import StackproofError


@dataclass
class Thing:
    name: str


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in which we are, in a folder below it, that has no store yet."""
    for name in ("UPGRADE_STORE", "UPGRADE_RUNS"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "tests").mkdir()
    monkeypatch.chdir(tmp_path / "tests")
    return tmp_path


def told(name: str) -> str | None:
    return keeper("http://keystone/v3", "north")(Thing(name))


def begin(url: str, id: str, closed: float | None = None) -> None:
    with Store.open(url) as store:
        store.add_run(Run(id, f"20261121T073000Z-{id}", "prod", "10.0.0.1", "north", closed=closed))


def test_things_of_an_open_run_are_kept_and_those_of_a_closed_one_are_not(project: Path) -> None:
    url = Places(project / FOLDER).url
    begin(url, "3f9a1c")
    begin(url, "aaaaaa", closed=1.0)
    assert told("pu-3f9a1c") == "upgrade run 3f9a1c is open, until `pytest-upgrade sweep 3f9a1c`"
    assert told("pu-3f9a1c-server-web") == told("pu-3f9a1c")
    assert (told("pu-aaaaaa-server-web"), told("web"), told("not-pu-3f9a1c"), told("pu-nothing")) == (None,) * 4


def test_store_may_be_elsewhere(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path}/lab.sqlite"
    begin(url, "aaaaaa", closed=1.0)
    assert told("pu-aaaaaa") == "upgrade run aaaaaa is not known here, and may be open: sweep it where its store is"
    monkeypatch.setenv("UPGRADE_STORE", url)
    assert told("pu-aaaaaa") is None


def test_looking_makes_no_store(project: Path) -> None:
    assert told("pu-3f9a1c") is not None
    assert list(project.rglob("*.sqlite")) == []


def test_store_that_cannot_be_read_is_an_error(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPGRADE_STORE", "sqlite:////proc/none/store.sqlite")
    with pytest.raises(StackproofError):
        told("pu-3f9a1c")


def test_cleanup_finds_it_by_its_entry_point() -> None:
    (point,) = entry_points(group="stackproof.cleanup.keepers", name="upgrades")
    assert point.load() is keeper
