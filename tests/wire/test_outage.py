"""A service that is stopped for a while, and a file or value that is another one for a while."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_whitebox.core.command import Result
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.hosts import Host
from pytest_whitebox.core.processes import Runit
from pytest_whitebox.core.services import Contact, RestartFailed, Service
from pytest_whitebox.core.transports import SshTransport, Transport

from .conftest import CONFIG, Daemon, host_of


def _journal(daemon: Daemon) -> list[str]:
    folder = daemon.folder / "state/journal"
    return sorted(file.name for file in folder.iterdir()) if folder.exists() else []


def _runs(service: Service) -> bool:
    return service.is_running


def test_it_is_stopped_and_then_another_process_runs(host: Host, daemon: Daemon) -> None:
    service = host.service("daemon")
    before = service.main
    with service.stopped():
        assert not _runs(service)
        assert service.pids == frozenset()
        assert len(_journal(daemon)) == 1
    assert _runs(service)
    assert service.main not in (before, None)
    assert _journal(daemon) == []


def test_all_instances_are_stopped_and_started(ssh: SshTransport, daemon: Daemon) -> None:
    daemon.define("-b")
    service = host_of(ssh, daemon, twin=True).service("daemon")
    service.restart()
    with service.stopped():
        assert service.pids == frozenset()
    assert len(service.pids) == 2


def test_a_failing_test_leaves_it_running(host: Host) -> None:
    service = host.service("daemon")
    with pytest.raises(ZeroDivisionError), service.stopped():
        assert 1 / 0
    assert _runs(service)


def test_what_does_not_run_cannot_be_stopped(host: Host) -> None:
    service = host.service("daemon")
    with (
        service.stopped(),
        pytest.raises(StackproofError, match="daemon on server does not run"),
    ):
        service.stopped().__enter__()
    assert _runs(service)


def test_it_may_be_stopped_while_its_configuration_is_changed(host: Host, daemon: Daemon) -> None:
    service = host.service("daemon")
    with service.set_config({("daemon", "workers"): 5}):
        with service.stopped():
            assert not _runs(service)
        assert daemon.workers == 5
    assert daemon.workers == 2
    assert daemon.config.read_bytes() == CONFIG


class Deaf(Runit):
    """A supervisor that says it has stopped the service."""

    def stop(self, transport: Transport, unit: str, sockets: Sequence[str] = ()) -> Result:
        return transport.run(["echo", "stopped"])


def test_a_service_that_does_not_stop_is_told_and_left_running(host: Host, daemon: Daemon) -> None:
    service = host.service("daemon")
    service.facts = replace(service.facts, supervisor=Deaf())
    with pytest.raises(StackproofError, match="daemon on server does not stop: stopped"):
        service.stopped().__enter__()
    assert _runs(service)
    assert _journal(daemon) == []


def test_a_service_that_does_not_come_back_is_told_with_its_log(ssh: SshTransport, daemon: Daemon) -> None:
    service = host_of(ssh, daemon, start=1).service("daemon")
    with pytest.raises(RestartFailed, match="did not start") as caught, service.stopped():
        daemon.config.write_text("[DEFAULT]\nadmin_password = x\n[daemon]\nworkers = many\n")
    assert "ValueError" in caught.value.log
    assert len(_journal(daemon)) == 1
    daemon.config.write_bytes(CONFIG)
    assert host_of(ssh, daemon).recover() == ["daemon"]
    assert _runs(service)


def test_the_cloud_takes_it_for_down_and_then_no_longer(host: Host, daemon: Daemon) -> None:
    service = host.service("daemon")
    with service.down():
        assert daemon.forced.exists()
        assert not _runs(service)
    assert not daemon.forced.exists()
    assert _runs(service)
    assert _journal(daemon) == []


def test_only_what_the_cloud_knows_can_be_forced_down(ssh: SshTransport, daemon: Daemon) -> None:
    host = host_of(ssh, daemon, contact=Contact(daemon.report))
    with pytest.raises(StackproofError, match="cannot be forced down"):
        host.service("daemon").forced_down().__enter__()
    assert _journal(daemon) == []


def test_the_log_since_a_mark_is_what_was_written_since(host: Host, daemon: Daemon) -> None:
    service = host.service("daemon")
    mark = service.log_mark()
    assert service.log_since(mark) == ""
    service.restart()
    assert service.log_since(mark) == "starting with password ***\n"
    assert service.log_since(mark, "no such line") == ""
    (daemon.folder / "log").rename(daemon.folder / "log.1")
    with (daemon.folder / "log.1").open("a") as old:
        old.write("before it was rotated\n")
    service.restart()
    assert service.log_since(mark, "rotated|starting").splitlines() == [
        "starting with password ***", "before it was rotated", "starting with password ***",
    ]  # fmt: skip


def test_a_file_is_another_one_for_a_while(host: Host, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"before")
    file.chmod(0o604)
    with host.write_file(str(file), b"during"):
        assert file.read_bytes() == b"during"
        assert file.stat().st_mode & 0o777 == 0o604
    assert file.read_bytes() == b"before"


def test_a_new_file_and_its_folders_go_again(host: Host, tmp_path: Path) -> None:
    file = tmp_path / "new/folder/file"
    with host.write_file(str(file), b"during"):
        assert file.read_bytes() == b"during"
        assert file.stat().st_mode & 0o777 == 0o640
    assert not (tmp_path / "new").exists()


def test_services_that_read_a_file_are_restarted_with_it_and_without(host: Host, daemon: Daemon) -> None:
    service = host.service("daemon")
    mains = [service.main]
    more = f"{daemon.config}.more"
    with host.write_file(more, b"[daemon]\nworkers = 9\n", restart=["daemon"]):
        mains.append(service.main)
        assert daemon.workers == 9
    assert daemon.workers == 2
    assert len({*mains, service.main}) == 3


def test_a_value_of_the_kernel_comes_back(host: Host, tmp_path: Path) -> None:
    file = tmp_path / "value"
    file.write_text("100\n")
    with host.set_sysfs(str(file), "200"):
        assert host.sysfs(str(file)) == "200"
    assert host.sysfs(str(file)) == "100"


def test_a_value_that_the_kernel_refuses_is_told(host: Host) -> None:
    before = host.sysfs("/proc/sys/kernel/ostype")
    with pytest.raises(StackproofError, match=r"/proc/sys/kernel/ostype on ssh .* does not take 'Unix'"):
        host.set_sysfs("/proc/sys/kernel/ostype", "Unix").__enter__()
    assert host.sysfs("/proc/sys/kernel/ostype") == before
