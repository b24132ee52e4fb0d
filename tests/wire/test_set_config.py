from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_whitebox.core.configuration import HIDDEN
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.hosts import Host
from pytest_whitebox.core.services import ConfigRejected, Contact, RestartFailed
from pytest_whitebox.core.together import together
from pytest_whitebox.core.transports import SshTransport
from pytest_whitebox.core.wait import wait_for

from .conftest import CONFIG, Daemon, host_of, running_daemon

WORKERS = ("daemon", "workers")


def _as_before(daemon: Daemon) -> bool:
    return daemon.config.read_bytes() == CONFIG and daemon.workers == 2 and not _journal(daemon)


def _journal(daemon: Daemon) -> list[str]:
    folder = daemon.folder / "state/journal"
    return sorted(file.name for file in folder.iterdir()) if folder.exists() else []


def _said(error: BaseException) -> str:
    return "\n".join([str(error), *getattr(error, "__notes__", [])])


def test_the_service_runs_with_the_change_and_then_as_before(host: Host, daemon: Daemon) -> None:
    service = host.service("daemon")
    before = service.main
    with service.set_config({WORKERS: 3}):
        during = service.main
        assert (daemon.workers, service.config.get(*WORKERS)) == (3, "3")
        assert daemon.config.read_bytes() == CONFIG.replace(b"workers = 2", b"workers = 3")
        assert len(_journal(daemon)) == 1
    assert _as_before(daemon)
    assert len({before, during, service.main}) == 3
    assert service.is_running


def test_a_failing_test_does_not_keep_the_change(host: Host, daemon: Daemon) -> None:
    with pytest.raises(ZeroDivisionError), host.service("daemon").set_config({WORKERS: 3}):
        assert daemon.workers / 0
    assert _as_before(daemon)


def test_an_interrupt_does_not_keep_the_change(host: Host, daemon: Daemon) -> None:
    with pytest.raises(KeyboardInterrupt), host.service("daemon").set_config({WORKERS: 3}):
        raise KeyboardInterrupt
    assert _as_before(daemon)


@pytest.mark.parametrize(("value", "reason"), [("many", "ValueError"), ("-1", "must not be negative")])
def test_a_value_that_the_service_rejects_is_rolled_back(host: Host, daemon: Daemon, value: str, reason: str) -> None:
    changes = {WORKERS: value, ("DEFAULT", "admin_password"): "other-secret"}
    with pytest.raises(ConfigRejected) as caught, host.service("daemon").set_config(changes):
        pytest.fail("a service that does not run is no context")
    assert f"rejects [daemon] workers = {value}, [DEFAULT] admin_password = {HIDDEN}" in str(caught.value)
    assert "its former configuration is in force again" in str(caught.value)
    assert reason in _said(caught.value)
    assert f"starting with password {HIDDEN}" in _said(caught.value)
    assert "other-secret" not in _said(caught.value)
    assert _as_before(daemon)


def test_nothing_is_touched_for_a_value_that_cannot_be_written(host: Host, daemon: Daemon) -> None:
    service = host.service("daemon")
    before = service.main
    with pytest.raises(StackproofError, match="cannot be written"), service.set_config({WORKERS: "1\n\n2"}):
        pytest.fail("nothing has been set")
    assert _as_before(daemon)
    assert service.main == before


def test_nothing_is_touched_if_a_later_file_has_the_last_word(host: Host, daemon: Daemon) -> None:
    Path(f"{daemon.config}.more").write_text("[daemon]\n\nworkers = 2\n")
    service = host.service("daemon")
    before = service.main
    with pytest.raises(StackproofError, match=r"conf\.more:3 sets it, too"), service.set_config({WORKERS: 3}):
        pytest.fail("nothing has been set")
    assert _as_before(daemon)
    assert service.main == before


def test_edits_nest_and_come_off_one_by_one(host: Host, daemon: Daemon) -> None:
    service = host.service("daemon")
    with service.set_config({WORKERS: 3}):
        with host.service("daemon").set_config({WORKERS: 4, ("new", "option"): ["a", "b"]}):
            assert daemon.workers == 4
            assert service.config.get_all("new", "option") == ("a", "b")
        assert daemon.workers == 3
        assert service.config.get_all("new", "option") == ()
        with pytest.raises(ConfigRejected), service.set_config({WORKERS: "many"}):
            pytest.fail("a service that does not run is no context")
        assert daemon.workers == 3
    assert _as_before(daemon)


def test_a_restart_within_an_edit_keeps_it(host: Host, daemon: Daemon) -> None:
    service = host.service("daemon")
    with service.set_config({WORKERS: 3}):
        service.restart()
        assert daemon.workers == 3
    assert _as_before(daemon)


def test_a_file_that_was_not_there_is_gone_again(ssh: SshTransport, daemon: Daemon) -> None:
    more = Path(f"{daemon.config}.more")
    with host_of(ssh, daemon, target=str(more)).service("daemon").set_config({WORKERS: 5}):
        assert daemon.workers == 5
        assert more.read_bytes() == b"[daemon]\nworkers = 5\n"
    assert not more.exists()
    assert _as_before(daemon)


def test_owner_and_mode_stay(host: Host, daemon: Daemon) -> None:
    daemon.config.chmod(0o640)
    with host.service("daemon").set_config({WORKERS: 3}):
        assert daemon.config.stat().st_mode & 0o777 == 0o640
    assert daemon.config.stat().st_mode & 0o777 == 0o640


def test_the_journal_is_for_its_owner_alone(host: Host, daemon: Daemon) -> None:
    with host.service("daemon").set_config({WORKERS: 3}):
        (entry,) = (daemon.folder / "state/journal").iterdir()
        assert entry.stat().st_mode & 0o777 == 0o600
        assert entry.parent.stat().st_mode & 0o777 == 0o700


def test_what_somebody_else_wrote_meanwhile_is_left_alone(host: Host, daemon: Daemon) -> None:
    service = host.service("daemon")
    theirs = CONFIG.replace(b"workers = 2", b"workers = 9")
    with pytest.raises(StackproofError, match="somebody else has changed") as caught, service.set_config({WORKERS: 3}):
        daemon.config.write_bytes(theirs)
    assert daemon.config.read_bytes() == theirs
    assert service.is_running
    (kept,) = _journal(daemon)
    assert kept.endswith(".kept")
    assert kept in caught.value.hint
    with service.set_config({WORKERS: 4}):
        assert daemon.workers == 4
    assert daemon.config.read_bytes() == theirs


def test_a_service_that_does_not_come_back_is_restored_by_the_next_run(
    ssh: SshTransport, host: Host, daemon: Daemon
) -> None:
    service = host_of(ssh, daemon, start=2).service("daemon")
    with pytest.raises(RestartFailed) as caught, service.set_config({WORKERS: 3}):
        (daemon.folder / "daemon.py").rename(daemon.folder / "gone.py")
    assert "did not restart" in str(caught.value)
    assert daemon.config.read_bytes() == CONFIG
    assert len(_journal(daemon)) == 1
    (daemon.folder / "gone.py").rename(daemon.folder / "daemon.py")
    assert host.recover() == [str(daemon.config)]
    assert _as_before(daemon)


def test_a_service_without_a_report_must_stay(ssh: SshTransport, daemon: Daemon) -> None:
    service = host_of(ssh, daemon, contact=Contact()).service("daemon")
    with service.set_config({WORKERS: 3}):
        assert daemon.workers == 3
    with pytest.raises(ConfigRejected, match="its new process has ended"), service.set_config({WORKERS: -1}):
        pytest.fail("a service that does not run is no context")
    assert _as_before(daemon)


def test_a_file_that_is_malformed_is_told_with_its_line(host: Host, daemon: Daemon) -> None:
    broken = CONFIG + b"[unfinished\nworkers = 3\n"
    daemon.config.write_bytes(broken)
    service = host.service("daemon")
    before = service.main
    with pytest.raises(StackproofError, match=rf"cannot read {daemon.config}: .* at line 8"):
        service.set_config({WORKERS: 3}).__enter__()
    assert daemon.config.read_bytes() == broken
    assert service.main == before
    assert _journal(daemon) == []


@pytest.fixture
def both(host: Host, daemon: Daemon) -> Host:
    """Two services that read the same file, both running."""
    daemon.define("-b")
    wait_for(lambda: host.service("daemon-b").is_running, timeout=20, every=0.05, what="the second service")
    return host


def test_all_services_that_read_the_file_have_the_change(both: Host, daemon: Daemon) -> None:
    def workers() -> list[str]:
        return [(daemon.folder / f"report{suffix}").read_text().split()[1] for suffix in ("", "-b")]

    with both.service("daemon").set_config({WORKERS: 6}, also=["daemon-b"]):
        assert workers() == ["6", "6"]
    assert workers() == ["2", "2"]


def test_a_service_that_does_not_read_the_file_is_refused(both: Host, daemon: Daemon) -> None:
    with pytest.raises(StackproofError, match="unrelated on server does not read"):
        both.service("daemon").set_config({WORKERS: 6}, also=["unrelated"]).__enter__()
    assert _as_before(daemon)


@pytest.fixture
def second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon of another host."""
    with running_daemon(tmp_path_factory.mktemp("second")) as made:
        yield made


# Changes are kept until the end of these tests: what nobody refers to any more is closed by Python itself.
def test_several_hosts_are_changed_at_once(ssh: SshTransport, host: Host, daemon: Daemon, second: Daemon) -> None:
    changes = [one.service("daemon").set_config({WORKERS: 4}) for one in (host, host_of(ssh, second))]
    with together(changes):
        assert (daemon.workers, second.workers) == (4, 4)
    assert _as_before(daemon)
    assert _as_before(second)
    assert len(changes) == 2


def test_a_host_that_rejects_a_change_takes_it_from_the_others_too(
    ssh: SshTransport, host: Host, daemon: Daemon, second: Daemon
) -> None:
    changes = [one.service("daemon").set_config({WORKERS: 4}) for one in (host, host_of(ssh, second))]
    second.config.with_suffix(".conf.more").write_text("[daemon]\nworkers = 2\n")
    with pytest.raises(StackproofError, match=r"conf\.more:2 sets it, too"):
        together(changes).__enter__()
    assert _as_before(daemon)
    assert _as_before(second)
    assert len(changes) == 2


@pytest.fixture
def full(daemon: Daemon, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A disk of 64 KiB that holds the configuration, until `_fill` is called with it."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to mount a small disk")
    disk = tmp_path_factory.mktemp("disk")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", disk], check=True)
    (disk / "daemon.conf").write_bytes(CONFIG)
    daemon.config.unlink()
    daemon.config.symlink_to(disk / "daemon.conf")
    yield disk
    subprocess.run(["umount", disk], check=True)


def _fill(disk: Path) -> Path:
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    return filler


def test_a_full_disk_is_told_and_nothing_is_touched(host: Host, daemon: Daemon, full: Path) -> None:
    _fill(full)
    service = host.service("daemon")
    before = service.main
    with pytest.raises(StackproofError, match=r"cannot be written on .*No space left on device") as caught:
        service.set_config({WORKERS: 3}).__enter__()
    assert "free space" in caught.value.hint
    assert sorted(file.name for file in full.iterdir()) == ["daemon.conf", "filler"]
    assert _as_before(daemon)
    assert service.main == before


def test_without_room_for_the_journal_nothing_is_touched(host: Host, daemon: Daemon, full: Path) -> None:
    (full / "state").mkdir()
    (daemon.folder / "state").symlink_to(full / "state")
    _fill(full)
    with pytest.raises(StackproofError, match=r"journal.*cannot be written on .*No space left on device"):
        host.service("daemon").set_config({WORKERS: 3}).__enter__()
    assert _as_before(daemon)


def test_a_disk_that_fills_up_meanwhile_is_told_and_restored_when_there_is_room(
    host: Host, daemon: Daemon, full: Path
) -> None:
    with (
        pytest.raises(StackproofError, match="No space left on device"),
        host.service("daemon").set_config({WORKERS: 3}),
    ):
        filler = _fill(full)
    assert len(_journal(daemon)) == 1
    filler.unlink()
    assert host.recover() == [str(daemon.config)]
    assert _as_before(daemon)
