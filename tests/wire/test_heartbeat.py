"""A kept server's guest is asked for its heartbeat through ssh, and what it says belongs to the run."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_upgrade.persistent import KeptServer, Place, heartbeat
from pytest_upgrade.persistent.kinds.compute import Server
from pytest_upgrade.store import Store
from pytest_upgrade.store.values import Kept, Run
from pytest_whitebox.core.command import run
from pytest_whitebox.core.rundirectory import RunDirectory

RUN = Run("3f9a1c", "20261121T073000Z-3f9a1c", "prod", "10.0.0.1", "north")
RECORD = {"created": "c", "status": "ACTIVE", "flavor": "f1", "image": "i1", "key": "k1", "addresses": ["10.0.0.7"]}
STATE = {
    "id": "s1", "address": "10.0.0.7", "host_key": "ssh-ed25519 AAAA", "login": "cirros", "actions": [],
    "boot_id": Path("/proc/sys/kernel/random/boot_id").read_text().strip(), "record": RECORD,
}  # fmt: skip
#: Instead of ssh: the command that it is given, in a shell of this machine whose /data is a folder of the test.
SSH = """#!/bin/sh
for last; do :; done
eval "$(echo "$last" | sed 's#/data/#{data}/#g')"
"""


class Nova:
    """The connection of a cloud with one server, of which nobody has asked anything."""

    @property
    def compute(self) -> Nova:
        return self

    def get_server(self, id: str) -> Any:
        return SimpleNamespace(
            id=id, created_at="c", status="ACTIVE", flavor={"id": "f1"}, image={"id": "i1"}, key_name="k1",
            addresses={"web": [{"addr": "10.0.0.7"}]},
        )  # fmt: skip

    def server_actions(self, id: str) -> list[Any]:
        return []


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the guest has below /data."""
    programs, data = tmp_path / "bin", tmp_path / "data"
    for folder in (programs, data):
        folder.mkdir()
    ssh = programs / "ssh"
    ssh.write_text(SSH.format(data=data))
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    return data


@pytest.fixture
def server(tmp_path: Path) -> Callable[[Store], KeptServer]:
    def made(store: Store) -> KeptServer:
        place = Place(Nova(), RUN, store, RunDirectory(tmp_path / "runs", RUN.name), "post")
        place.secrets.set("key", "k")
        place.connection = place.given  # its user is the given one
        return KeptServer(place, Server(), Kept("server", "web", {}, STATE, made=1.0))

    return made


def test_outages_that_a_guest_wrote_down_belong_to_the_run(data: Path, server: Callable[[Store], Any]) -> None:
    now = int(time.time())
    beats = [f"{at} ok" for at in range(now - 60, now) if not now - 40 <= at < now - 20]
    (data / "stackproof-heartbeat").write_text("\n".join([*beats, ""]))
    with Store.open("sqlite://") as store:
        store.add_run(RUN)
        (outage,) = server(store).outages
        (kept,) = heartbeat.kept(store, RUN)
    assert str(outage) == "stopped for 21 s"
    # Both clocks are the same here.
    assert outage.start == now - 41
    assert (kept.server, kept.beats, kept.outages) == ("web", 40, (outage,))


def test_a_look_at_what_has_changed_takes_the_heartbeat_and_misses_one_that_is_gone(
    data: Path, server: Callable[[Store], Any]
) -> None:
    file = data / "stackproof-heartbeat"
    file.write_text(f"{int(time.time())} ok\n")
    with Store.open("sqlite://") as store:
        store.add_run(RUN)
        assert server(store).changes == ()
        assert [one.beats for one in heartbeat.kept(store, RUN)] == [1]
        file.unlink()
        (change,) = server(store).changes
    assert change.startswith("its heartbeat cannot be read: `sh -euc")
    assert "No such file or directory" in change


def test_the_time_in_a_guest_is_that_of_its_hardware_clock_where_it_has_one(tmp_path: Path) -> None:
    # A guest that was suspended for 20 s on a devcloud had lost them in its system clock and not in the other.
    rtc, beats = tmp_path / "since_epoch", tmp_path / "beats"
    beats.write_text("40 ok\n")
    read = heartbeat.READ.replace("/sys/class/rtc/rtc0/since_epoch", str(rtc))
    assert read != heartbeat.READ

    before = int(time.time())
    system = run(["sh", "-euc", read, "sh", str(beats)]).stdout.split("\n")
    rtc.write_text("42\n")
    hardware = run(["sh", "-euc", read, "sh", str(beats)]).stdout.split("\n")
    assert system[0] == hardware[0] == "40 ok"
    assert before <= int(system[1]) <= time.time()
    assert hardware[1] == "42"
