"""What is said about a machine, judged from texts that real machines gave."""

from __future__ import annotations

import os
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from devcloud.machine import findings as machine
from devcloud.machine import trial
from devcloud.state import State
from devcloud.topology import Topology
from pytest_whitebox.core.errors import StackproofError

DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nID=debian\n'
UBUNTU = 'PRETTY_NAME="Ubuntu 24.04.3 LTS"\nNAME="Ubuntu"\nVERSION_ID="24.04"\nID=ubuntu\nID_LIKE=debian\n'
FEDORA = 'NAME="Fedora Linux"\nID=fedora\nVERSION_ID=43\nPRETTY_NAME="Fedora Linux 43 (Server Edition)"\n'
MEMINFO = "MemTotal:       24653864 kB\nMemFree:          412340 kB\nMemAvailable:   {} kB\nBuffers:  90000 kB\n"
GIB = 1024**3


@pytest.mark.parametrize(("text", "name"), [(DEBIAN, "Debian 12"), (UBUNTU, "Ubuntu 24.04")])
def test_known_systems_are_accepted(text: str, name: str) -> None:
    assert (machine.system(text).ok, machine.system(text).said) == (True, name)


@pytest.mark.parametrize(
    ("text", "name"),
    [(FEDORA, "Fedora Linux 43 (Server Edition)"), ("", "an unknown system"), (DEBIAN.replace("12", "13"), "Debian")],
)
def test_other_systems_are_refused_by_name(text: str, name: str) -> None:
    found = machine.system(text)
    assert not found.ok
    assert name in found.said
    assert found.hint == "use Debian 12 or Ubuntu 24.04"


def test_memory_is_what_is_available_and_not_more_than_the_limit() -> None:
    text = MEMINFO.format(8 * 1024**2)
    assert machine.memory(text).ok
    assert machine.memory(text, limit=9 * GIB).ok
    limited = machine.memory(text, limit=2 * GIB)
    assert (limited.ok, limited.said) == (False, "only 2.0 GiB of memory are available, a cloud needs 7")
    assert not machine.memory(MEMINFO.format(6 * 1024**2)).ok


def test_a_new_cloud_needs_more_room_than_one_that_is_there(tmp_path: Path) -> None:
    state = State(tmp_path)
    assert machine.disk(8 * GIB, state).ok
    found = machine.disk(2 * GIB, state)
    assert (found.ok, found.said) == (False, f"only 2.0 GiB are free for {tmp_path}, a cloud needs 8")
    (tmp_path / "devcloud.json").write_text("{}")
    assert machine.disk(2 * GIB, state).ok


def test_taken_networks_are_named() -> None:
    found = machine.networks("10.213.77.0/24 is routed by tun0", Topology(77))
    assert not found.ok
    assert str(IPv4Network("10.213.78.0/24")) in found.said
    assert found.said.endswith("10.213.77.0/24 is routed by tun0")
    assert machine.networks(None, Topology(77)).ok


@pytest.mark.parametrize("name", ["a,b", "a:b", "a b", "a\\b"])
def test_a_folder_that_an_overlay_cannot_name_is_refused(tmp_path: Path, name: str) -> None:
    found = trial.folder(tmp_path / name, tmp_path)
    assert not found.ok
    assert str(tmp_path / name) in found.said


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root: run as root")
def test_a_folder_is_judged_by_trying_and_left_as_it_was(tmp_path: Path) -> None:
    assert trial.folder(tmp_path / "state", tmp_path).ok
    assert list(tmp_path.iterdir()) == []
    refused = trial.folder(Path("/proc/state"), Path("/proc"))
    assert not refused.ok
    assert "/proc/state" in refused.said


def test_require_says_the_first_thing_that_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(StackproofError, match="only root can do this") as caught:
        machine.require(State(tmp_path), Topology(77))
    assert caught.value.hint == "use sudo"
    with pytest.raises(StackproofError, match="only root can do this"):
        machine.require_fit(State(tmp_path))
    with pytest.raises(StackproofError, match="only root can do this"):
        machine.require_root()


def test_without_root_the_rest_is_still_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    names = [finding.name for finding in machine.findings(State(tmp_path / "not/yet"), Topology(77))]
    assert names == ["root", "system", "architecture", "memory", "disk", "root file system", "programs"]
