"""Faults on purpose: what is known of each, and the journal that outlives whoever writes it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import devcloud
from devcloud.cli import main
from devcloud.cloud import Cloud
from devcloud.faults import breaking
from devcloud.faults.fault import Fault
from devcloud.faults.registry import FAULTS, of
from devcloud.faults.site import Site
from devcloud.hosts.host import Host
from devcloud.hosts.namespace import Holder
from devcloud.journal import Journal, Notes
from devcloud.services import runit
from devcloud.services.catalog import PROJECTS
from devcloud.services.runit import Supervised
from devcloud.state import Settings, State
from devcloud.status import HostStatus, ServiceStatus, Status
from devcloud.terminal import show_status
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.wait import wait_for

SOURCE = Path(devcloud.__file__).parents[1]


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    """A cloud that was never up."""
    state, settings = State(tmp_path / "cloud"), Settings(services=PROJECTS, subnet=97, computes=2)
    state.create(settings)
    return Cloud(state, settings)


@pytest.fixture
def journal(cloud: Cloud) -> Journal:
    return Journal.of(cloud.state)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_says_what_it_does_and_what_is_seen_in_names_that_there_are(fault: Fault, cloud: Cloud) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", fault.name)
    assert all(text and text[-1] not in ".;" for text in (fault.summary, fault.seen, fault.cure))
    assert fault.needs in PROJECTS
    known = {f"{service.name} on {plan.name}" for plan, service in cloud.placements()}
    hosts = {plan.name for plan in cloud.topology.hosts}
    names = {text.format(controller="controller", compute="compute2") for text in fault.names}
    suffers = {text.format(controller="controller", compute="compute2") for text in fault.suffers}
    assert names <= known | hosts
    assert all(any(breaking.concerns(name, {pattern}) for name in known | hosts) for pattern in suffers)


def test_there_are_faults_of_every_kind() -> None:
    assert len(FAULTS) >= 40
    assert len(of(("keystone", "placement", "glance", "neutron", "nova"))) >= 25
    assert not any(fault.names for fault in FAULTS.values() if fault.lasts) or [
        name for name, fault in FAULTS.items() if fault.lasts and fault.names
    ] == ["password-wrong"]


def test_what_lasts_needs_no_daemon_to_come_up_again() -> None:
    lasting = {name for name, fault in FAULTS.items() if fault.lasts}
    assert {"tokens-lost", "allocation-orphaned", "volume-stuck-deleting"} <= lasting
    assert lasting.isdisjoint({"api-hung", "database-read-only", "compute-off", "tunnel-cut", "image-store-full"})


def test_a_note_is_on_the_disk_when_its_writer_is_killed(cloud: Cloud, journal: Journal) -> None:
    code = (
        "import os, pathlib, signal\nfrom devcloud.journal import Journal\nfrom devcloud.state import State\n"
        f"notes = Journal.of(State(pathlib.Path({str(cloud.state.path)!r}))).notes('api-slow')\n"
        "notes.begin(); notes.put('run', 'as before'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(SOURCE)}, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert [notes.name for notes in journal.open()] == ["api-slow"]
    assert journal.open()[0].get("run") == "as before"
    assert journal.open()[0].get("another") == ""
    assert not journal.open()[0].whole


def test_notes_are_for_root_alone(journal: Journal) -> None:
    notes = journal.notes("tokens-lost")
    notes.begin()
    notes.put("token", "secret")
    assert notes.file.stat().st_mode & 0o777 == 0o600
    assert notes.file.parent.stat().st_mode & 0o777 == 0o700


def test_open_faults_are_listed_in_the_order_of_breaking(journal: Journal) -> None:
    for name in ("queue-down", "api-503", "cell-unreachable"):
        journal.notes(name).begin()
        journal.notes(name).done()
    assert [notes.name for notes in journal.open()] == ["queue-down", "api-503", "cell-unreachable"]
    journal.strike("api-503")
    assert [notes.name for notes in journal.open()] == ["queue-down", "cell-unreachable"]
    assert not journal.has("api-503")


@pytest.mark.parametrize(("whole", "said"), [(True, "is broken already"), (False, "is half broken")])
def test_a_fault_that_is_open_is_not_broken_twice(cloud: Cloud, journal: Journal, whole: bool, said: str) -> None:
    notes = journal.notes("api-503")
    notes.begin()
    if whole:
        notes.done()
    with pytest.raises(StackproofError, match=said) as caught:
        breaking.break_(Site(cloud), FAULTS["api-503"])
    assert "`devcloud mend api-503`" in caught.value.hint


def test_breaking_a_cloud_that_is_down_changes_nothing(cloud: Cloud, journal: Journal) -> None:
    with pytest.raises(StackproofError, match="controller is off"):
        breaking.break_(Site(cloud), FAULTS["api-503"])
    assert journal.open() == []


def test_the_power_ends_what_lies_in_processes_and_leaves_what_lies_in_data(cloud: Cloud, journal: Journal) -> None:
    for name in ("api-hung", "tokens-lost", "tunnel-cut"):
        journal.notes(name).begin()
    assert breaking.ended_by_power(cloud) == ["api-hung", "tunnel-cut"]
    assert [notes.name for notes in journal.open()] == ["tokens-lost"]


def test_a_fault_in_the_way_of_another_is_mended_first(cloud: Cloud, journal: Journal) -> None:
    done: list[str] = []
    faults = dict(_faults(done))
    for name in ("above", "below", "aside"):
        journal.notes(name).begin()
    breaking.mend(Site(cloud), ["above", "below"], done.append, faults)
    assert done == ["mending above", "above", "mending below", "below"]
    assert [notes.name for notes in journal.open()] == ["aside"]


def test_what_cannot_be_mended_stays_open_and_is_said(cloud: Cloud, journal: Journal) -> None:
    done: list[str] = []
    for name in ("below", "above"):
        journal.notes(name).begin()
    with pytest.raises(StackproofError, match="mending below failed: above stands in the way"):
        breaking.mend(Site(cloud), ["below"], done.append, dict(_faults(done)))
    assert [notes.name for notes in journal.open()] == ["below", "above"]


def _faults(done: list[str]) -> Iterator[tuple[str, Fault]]:
    """``below`` cannot be mended as long as ``above`` is open."""

    def above(_: Site, notes: Notes) -> None:
        done.append(f"mending {notes.name}")

    def below(site: Site, notes: Notes) -> None:
        if Journal.of(site.cloud.state).has("above"):
            raise StackproofError("above stands in the way", hint="first above")
        done.append(f"mending {notes.name}")

    for name, mend in (("above", above), ("below", below)):
        yield name, Fault(name, name, name, mend, mend, lambda site, notes: "", name)


def test_an_unknown_fault_is_answered_with_where_they_are_listed(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--state", str(cloud.state.path), "break", "api-503s"]) == 1
    assert capsys.readouterr().err == "devcloud: there is no fault 'api-503s'; `devcloud break` lists them all\n"


def test_a_cloud_without_a_project_has_none_of_its_faults(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = State(tmp_path / "cloud")
    state.create(Settings(services=("keystone", "placement", "glance", "neutron", "nova"), subnet=97))
    assert main(["--state", str(state.path), "break", "volume-stuck-creating"]) == 1
    assert "this cloud has no cinder" in capsys.readouterr().err
    assert main(["--state", str(state.path), "break"]) == 0
    said = capsys.readouterr().out
    assert "api-503" in said
    assert "volume-stuck" not in said


def test_status_names_open_faults_in_one_line(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    host = HostStatus("controller", "10.213.97.11", True)
    seen = Status("2025.1", (host,), (ServiceStatus("controller", "nova-api"),), ("tokens-lost", "image-stuck-queued"))
    assert seen.well
    show_status(seen, cloud.state)
    assert "broken on purpose: tokens-lost, image-stuck-queued;" in capsys.readouterr().out
    assert json.loads(json.dumps(seen.as_json()))["faults"] == ["tokens-lost", "image-stuck-queued"]


def test_a_host_with_a_loose_cable_is_not_well() -> None:
    host = HostStatus("compute1", "10.213.97.21", True, "is cut off from the tunnel network")
    seen = Status("2025.1", (host,), ())
    assert not seen.well
    assert seen.named() == {"compute1": "compute1 is cut off from the tunnel network"}


def test_a_process_that_is_stopped_is_seen_as_hung(cloud: Cloud) -> None:
    here = Host(cloud.topology.controller, Holder("controller", os.getpid()))
    with subprocess.Popen(["sleep", "60"]) as process:
        seen = Supervised(True, process.pid, 1, 0, "")
        try:
            assert not runit.is_stopped(here, seen)
            process.send_signal(signal.SIGSTOP)
            assert wait_for(lambda: runit.is_stopped(here, seen), timeout=5, what="the process to stop")
            process.send_signal(signal.SIGCONT)
            assert wait_for(lambda: not runit.is_stopped(here, seen), timeout=5, what="the process to go on")
        finally:
            process.kill()
