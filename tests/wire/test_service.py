from __future__ import annotations

import os
import signal
from dataclasses import replace

import pytest

from pytest_whitebox.core.command import Result
from pytest_whitebox.core.configuration import HIDDEN
from pytest_whitebox.core.deployments import UnknownService
from pytest_whitebox.core.hosts import Host
from pytest_whitebox.core.processes import Process, Runit
from pytest_whitebox.core.services import Contact, RestartFailed
from pytest_whitebox.core.transports import SshTransport, Transport
from pytest_whitebox.core.wait import wait_for

from .conftest import Daemon, host_of


def test_it_runs_until_it_is_stopped(host: Host, daemon: Daemon) -> None:
    service = host.service("daemon")
    assert service.exists
    assert service.is_running
    assert service.is_enabled
    host.run(["sv", "down", service.facts.unit])
    assert wait_for(lambda: not service.is_running, timeout=10, every=0.02, what="the daemon to end")
    assert service.pids == frozenset()
    assert service.main is None
    service.restart()
    assert service.is_running


def test_a_restart_is_another_process(host: Host) -> None:
    service = host.service("daemon")
    before = service.main
    assert before in service.pids
    service.restart()
    assert service.main not in {before, None}


def test_it_is_woken_before_it_is_told_to_end(ssh: SshTransport, daemon: Daemon) -> None:
    woken: list[Process | None] = []
    contact = Contact(daemon.report, waking=lambda: woken.append(service.main))
    service = host_of(ssh, daemon, contact=contact).service("daemon")
    before = service.main
    service.restart()
    after = service.main
    with service.stopped():
        pass
    assert None not in (before, after)
    assert woken == [before, after]


def test_each_of_its_instances_is_woken_before_it_is_told_to_end(ssh: SshTransport, daemon: Daemon) -> None:
    def mains() -> list[Process | None]:
        return [one.main for one in service.instances]

    woken: list[list[Process | None]] = []
    contact = Contact(daemon.report, waking=lambda: woken.append(mains()))
    daemon.define("-b")
    service = host_of(ssh, daemon, twin=True, contact=contact).service("daemon")
    wait_for(lambda: service.is_running, timeout=20, every=0.05, what="both instances")
    one, two = mains()
    service.restart()
    new_one, new_two = mains()
    with service.stopped():
        pass
    assert None not in (one, two, new_one, new_two)
    assert woken == [[one, two], [new_one, two], [new_one, new_two], [None, new_two]]


def test_a_process_that_is_killed_is_another_one_afterwards(host: Host) -> None:
    service = host.service("daemon")
    before = service.main
    assert before is not None
    os.kill(before.pid, signal.SIGKILL)
    assert wait_for(lambda: service.main not in {before, None}, timeout=20, every=0.05, what="the next process")


class Idle(Runit):
    """A supervisor that says it has restarted the service."""

    def restart(self, transport: Transport, unit: str) -> Result:
        return Result(("restart", unit), 0, "ok", "")


def test_a_restart_that_did_not_happen_is_no_restart(ssh: SshTransport, daemon: Daemon) -> None:
    service = host_of(ssh, daemon, start=0.3).service("daemon")
    service.facts = replace(service.facts, supervisor=Idle())
    with pytest.raises(RestartFailed, match=r"for a new process of daemon \(ok\)"):
        service.restart()


def test_a_restart_that_fails_shows_the_log_without_secrets(host: Host, daemon: Daemon) -> None:
    service = host.service("daemon")
    daemon.config.write_text("[DEFAULT]\nadmin_password = hunter23\n[daemon]\nworkers = -1\n")
    with pytest.raises(RestartFailed) as caught:
        service.restart()
    assert "daemon on server did not restart: its new process has ended" in str(caught.value)
    assert "CRITICAL workers must not be negative" in caught.value.log
    assert f"password {HIDDEN}" in caught.value.log
    assert "hunter23" not in f"{caught.value}{caught.value.__notes__}"
    assert str(daemon.folder / "log") in caught.value.hint


def test_the_log_is_shown_without_secrets(host: Host) -> None:
    assert host.service("daemon").log_tail(1) == f"starting with password {HIDDEN}\n"


def test_its_configuration_tells_file_and_line(host: Host, daemon: Daemon) -> None:
    (option,) = host.service("daemon").config.find("daemon", "workers")
    assert (option.value, option.path, option.line) == ("2", str(daemon.config), 7)


def test_a_service_that_is_not_there(host: Host) -> None:
    assert not host.service("other").exists
    with pytest.raises(UnknownService):
        assert host.service("other").is_running


def test_the_modules_of_testinfra_look_through_the_same_connection(host: Host, daemon: Daemon) -> None:
    main = host.service("daemon").main
    assert main is not None
    assert host.file(str(daemon.config)).content == daemon.config.read_bytes()
    assert host.file(str(daemon.config)).mode == 0o644
    assert host.process.get(pid=main.pid).args.endswith(f"{daemon.folder}/report")
    assert host.testinfra.check_output("echo %s", "a b") == "a b"
    with pytest.raises(AttributeError, match="testinfra's modules are"):
        assert host.no_such_module
