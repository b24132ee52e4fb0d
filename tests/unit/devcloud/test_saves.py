"""Clouds that were put aside, as folders; none of these was ever up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from devcloud import saves
from devcloud.cli import main
from devcloud.cloud import Cloud
from devcloud.hosts.host import make_folders
from devcloud.state import Settings, State
from pytest_whitebox.core.errors import StackproofError


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    """A cloud with the files of its hosts, off."""
    state, settings = State(tmp_path / "cloud"), Settings(services=("keystone", "nova"), subnet=97, computes=1)
    state.create(settings)
    state.secrets()
    made = Cloud(state, settings)
    for plan in made.topology.hosts:
        make_folders(state.hosts / plan.name)
        file = state.hosts / plan.name / "upper/etc/nova/nova.conf"
        file.parent.mkdir()
        file.write_text(plan.name)
        (state.hosts / plan.name / "upper/var/log/nova.log").write_text("a line")
        (state.hosts / plan.name / "rendered.json").write_text("{}")
    (state.export / "volume-1").write_text("data")
    (state.cache / "package").write_text("large")
    return made


def test_a_save_brings_back_what_was_changed_removed_and_added(cloud: Cloud) -> None:
    state, upper = cloud.state, cloud.state.hosts / "compute1/upper"
    save = saves.take(cloud, saves.place(state, "one"))
    secrets = state.secrets()
    (upper / "etc/nova/nova.conf").write_text("changed")
    (upper / "etc/swift").mkdir()
    (state.path / "secrets.json").write_text("{}")
    (state.export / "volume-1").unlink()
    (state.export / "volume-2").write_text("later")
    (state.hosts / "compute2").mkdir()
    (upper / "var/log/nova.log").write_text("two lines")

    changed = saves.restore(cloud, saves.find(state, "one"))
    assert changed == {"controller": set(), "compute1": {"nova"}}
    assert (upper / "etc/nova/nova.conf").read_text() == "compute1"
    assert not (upper / "etc/swift").exists()
    assert state.secrets() == secrets
    assert [file.name for file in state.export.iterdir()] == ["volume-1"]
    assert not (state.hosts / "compute2").exists()
    assert (upper / "var/log/nova.log").read_text() == "two lines", "logs are the machine's, not the cloud's"
    assert (state.cache / "package").exists()
    assert save.size > 0


def test_a_save_holds_no_logs_and_opens_to_root_alone(cloud: Cloud) -> None:
    folder = saves.take(cloud, saves.place(cloud.state, "one")).folder
    assert folder.stat().st_mode & 0o777 == 0o700
    names = {file.name for file in folder.rglob("*")}
    assert "nova.conf" in names
    assert not names & {"nova.log", "package"}


def test_a_host_made_from_a_save_has_folders_of_its_own(cloud: Cloud, tmp_path: Path) -> None:
    folder = saves.take(cloud, tmp_path / "elsewhere").folder
    other = Cloud(State(tmp_path / "other"), cloud.settings)
    other.state.create(other.settings)
    saves.restore(other, saves.find(other.state, str(folder)))
    upper = other.state.hosts / "compute1/upper"
    assert (upper / "etc/nova/nova.conf").read_text() == "compute1"
    assert upper.joinpath("var/log").is_dir()
    assert not list(upper.joinpath("var/log").iterdir())


def test_an_interrupted_load_is_told_and_done_again(cloud: Cloud, tmp_path: Path) -> None:
    state = cloud.state
    saves.take(cloud, saves.place(state, "one"))
    upper = state.hosts / "compute1/upper"
    upper.rename(tmp_path / "upper")
    upper.write_text("in the way")
    with pytest.raises(FileExistsError):
        saves.restore(cloud, saves.find(state, "one"))
    with pytest.raises(StackproofError, match="loading one was interrupted"):
        saves.refuse_half_loaded(state)
    upper.unlink()
    saves.restore(cloud, saves.find(state, "one"))
    saves.refuse_half_loaded(state)


def test_an_interrupted_load_from_elsewhere_is_told_by_its_path(cloud: Cloud, tmp_path: Path) -> None:
    folder = saves.take(cloud, tmp_path / "elsewhere").folder
    (folder / "hosts/compute1/upper").rename(folder / "upper")
    with pytest.raises(FileNotFoundError):
        saves.restore(cloud, saves.find(cloud.state, str(folder)))
    with pytest.raises(StackproofError) as told:
        saves.refuse_half_loaded(cloud.state)
    assert told.value.hint == f"`devcloud load {folder}` does it again"


def test_an_interrupted_save_leaves_nothing(cloud: Cloud) -> None:
    upper = cloud.state.hosts / "compute1/upper"
    upper.rename(upper.with_name("elsewhere"))
    with pytest.raises(FileNotFoundError):
        saves.take(cloud, saves.place(cloud.state, "one"))
    assert list(cloud.state.saved.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["load", "two"], "there is no saved cloud 'two'; choose from one"),
        (["saved", "--delete", "two"], "there is no saved cloud 'two'; choose from one"),
        (["save", "a b"], "'a b' is no name for a save; use letters, digits, dots and dashes, or a path"),
    ],
)
def test_a_wrong_name_is_answered_in_a_sentence(
    cloud: Cloud, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    saves.take(cloud, saves.place(cloud.state, "one"))
    assert main(["--state", str(cloud.state.path), *words]) == 1
    assert capsys.readouterr().err == f"devcloud: {said}\n"


def test_a_name_that_is_taken_is_not_overwritten(cloud: Cloud) -> None:
    folder = saves.take(cloud, saves.place(cloud.state, "one")).folder
    with pytest.raises(StackproofError, match="is there already"):
        saves.take(cloud, folder)


def test_a_folder_that_is_no_save_is_told(cloud: Cloud, tmp_path: Path) -> None:
    (tmp_path / "odd").mkdir()
    with pytest.raises(StackproofError, match="holds no saved cloud"):
        saves.find(cloud.state, str(tmp_path / "odd"))
    (tmp_path / "odd/save.json").write_text(json.dumps({"taken": "2026-01-01T00:00:00", "settings": {"schema": 1}}))
    with pytest.raises(StackproofError, match="another version of devcloud"):
        saves.find(cloud.state, str(tmp_path / "odd"))


def test_saves_are_listed_oldest_first(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--state", str(cloud.state.path), "saved"]) == 0
    assert "nothing is saved" in capsys.readouterr().out
    for name in ("zero", "one"):
        saves.take(cloud, saves.place(cloud.state, name))
    assert main(["--state", str(cloud.state.path), "saved"]) == 0
    rows = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert rows == ["NAME", "zero", "one"]
