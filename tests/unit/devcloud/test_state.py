"""The state folder: what is in it, whose it is, and that nothing in it is ever half written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import devcloud
from devcloud.state import Settings, State, write_atomically
from pytest_whitebox.core.errors import StackproofError

SOURCE = Path(devcloud.__file__).parents[1]


@pytest.fixture
def state(tmp_path: Path) -> State:
    made = State(tmp_path / "cloud")
    made.create(Settings(services=("keystone", "nova"), subnet=79))
    return made


def test_settings_come_back_as_they_were_given(state: State) -> None:
    assert state.exists
    assert state.settings() == Settings(services=("keystone", "nova"), subnet=79)


def test_a_foreign_folder_is_neither_used_nor_deleted(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    state = State(tmp_path)
    with pytest.raises(StackproofError, match="no devcloud made it"):
        state.create(Settings())
    with pytest.raises(StackproofError, match="no devcloud made it"):
        state.remove()
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_is_no_state_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StackproofError, match="is no folder"):
        State(tmp_path / "file").create(Settings())


def test_a_folder_that_only_was_locked_can_be_used(tmp_path: Path) -> None:
    state = State(tmp_path / "cloud")
    with state.locked():
        state.create(Settings())
    assert state.exists


def test_no_cloud_is_said_with_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(StackproofError, match="there is no cloud in") as caught:
        State(tmp_path).settings()
    assert "devcloud up" in caught.value.hint


@pytest.mark.parametrize(("text", "said"), [("{", "cannot be read"), ('{"schema": 99}', "another version")])
def test_settings_that_cannot_be_understood_are_refused(state: State, text: str, said: str) -> None:
    (state.path / "devcloud.json").write_text(text)
    with pytest.raises(StackproofError, match=said):
        state.settings()


def test_secrets_are_made_once_and_for_root_alone(state: State) -> None:
    first = state.secrets()
    assert first == state.secrets()
    assert len(set(first.values())) == len(first) > 5
    assert (state.path / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_a_second_command_is_told_who_is_at_work(state: State) -> None:
    code = (
        "import pathlib, sys\nfrom devcloud.state import State\n"
        f"with State(pathlib.Path({str(state.path)!r})).locked(): print('held', flush=True); sys.stdin.read()"
    )
    words = [sys.executable, "-c", code]
    env = {**os.environ, "PYTHONPATH": str(SOURCE)}
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(StackproofError, match=rf"pid {other.pid}\b"), state.locked():
            pytest.fail("locked twice")
        other.stdin.close()
    with state.locked():
        assert state.exists


def test_remove_takes_all_of_a_cloud(state: State) -> None:
    state.remove()
    assert not state.path.exists()


def test_a_write_that_fails_leaves_the_old_text(tmp_path: Path) -> None:
    file = tmp_path / "file"
    write_atomically(file, "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(file, "new \udc80")
    assert file.read_text() == "old"
    with pytest.raises(IsADirectoryError):
        write_atomically(tmp_path, "a folder is there")
    assert [found.name for found in tmp_path.parent.glob(".*.new")] == []
    write_atomically(file, "newer", mode=0o600)
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("newer", 0o600)
    assert [found.name for found in tmp_path.iterdir()] == ["file"]


def test_what_is_recorded_is_readable_by_others(state: State) -> None:
    assert json.loads((state.path / "devcloud.json").read_text())["subnet"] == 79


def test_a_cloud_has_hosts_from_the_first_one_on(state: State) -> None:
    assert not state.has_hosts
    (state.hosts / "controller").mkdir()
    assert state.has_hosts
