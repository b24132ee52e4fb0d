from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.hosts import Host
from pytest_whitebox.core.transactions import Busy
from pytest_whitebox.core.transports import SshTransport
from pytest_whitebox.core.wait import wait_for

from .conftest import CONFIG, Daemon, SshServer, host_of

_ROOT = Path(__file__).parents[2]
WORKERS = ("daemon", "workers")
#: What a transaction changes on the host, in this order.
STEPS = {
    "journal written": 1,
    "file written": 2,
    "restarted": 4,
    "file restored": 5,
    "restarted again": 7,
    "journal struck out": 8,
}


@contextmanager
def _another_run(
    sshd: SshServer, daemon: Daemon, dies_after: int = 0, what: str = "set_config"
) -> Iterator[subprocess.Popen[str]]:
    words = [str(sshd.folder), str(daemon.folder), str(dies_after), what]
    command = [sys.executable, "-m", "tests.wire.another_run", *words]
    with subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def _journal(daemon: Daemon) -> list[str]:
    return sorted(file.name for file in (daemon.folder / "state/journal").iterdir())


@pytest.mark.parametrize("step", STEPS)
def test_a_run_that_is_killed_leaves_what_the_next_one_restores(
    sshd: SshServer, host: Host, daemon: Daemon, step: str
) -> None:
    with _another_run(sshd, daemon, STEPS[step]) as run:
        _, _ = run.communicate(timeout=60)
    assert run.returncode == -signal.SIGKILL
    left = step != "journal struck out"
    assert bool(_journal(daemon)) == left
    assert (daemon.config.read_bytes() != CONFIG) == (step in {"file written", "restarted"})
    assert host.recover() == ([str(daemon.config)] if left else [])
    assert daemon.config.read_bytes() == CONFIG
    assert daemon.workers == 2
    assert _journal(daemon) == []


@pytest.mark.parametrize(("what", "steps"), [("stopped", 4), ("down", 6)])
def test_a_service_whose_stopper_is_killed_is_started_by_the_next_run(
    sshd: SshServer, host: Host, daemon: Daemon, what: str, steps: int
) -> None:
    service = host.service("daemon")
    for step in range(1, steps):
        with _another_run(sshd, daemon, step, what) as run:
            _, _ = run.communicate(timeout=60)
        assert run.returncode == -signal.SIGKILL
        assert host.recover() == ["daemon"], step
        assert service.is_running
        assert not daemon.forced.exists()
        assert _journal(daemon) == []


@pytest.mark.parametrize("what", ["write_file", "set_sysfs"])
def test_a_file_and_a_value_come_back_if_their_changer_is_killed(
    sshd: SshServer, host: Host, daemon: Daemon, what: str
) -> None:
    path = daemon.folder / ("value" if what == "set_sysfs" else "made/for/it.yaml")
    if what == "set_sysfs":
        path.write_text("always [60] never\n")
    for step in range(1, 4):
        with _another_run(sshd, daemon, step, f"{what}:{path}") as run:
            _, _ = run.communicate(timeout=60)
        assert run.returncode == -signal.SIGKILL
        assert host.recover() == [str(path)], step
        assert (
            path.read_text() in ("60", "always [60] never\n") if what == "set_sysfs" else not path.parents[1].exists()
        )
        assert _journal(daemon) == []


def test_the_next_edit_restores_first(sshd: SshServer, host: Host, daemon: Daemon) -> None:
    with _another_run(sshd, daemon) as run:
        assert _line(run) == "in\n"
        run.kill()
    assert daemon.workers == 7
    with host.service("daemon").set_config({("daemon", "unrelated"): "x"}):
        assert daemon.workers == 2
    assert daemon.config.read_bytes() == CONFIG
    assert _journal(daemon) == []


def test_a_run_that_lives_is_waited_for(sshd: SshServer, host: Host, daemon: Daemon) -> None:
    def edit() -> int:
        with host.service("daemon").set_config({WORKERS: 3}):
            return daemon.workers

    with _another_run(sshd, daemon) as run, ThreadPoolExecutor() as pool:
        assert _line(run) == "in\n"
        edited = pool.submit(edit)
        assert host.recover() == []
        assert daemon.workers == 7
        run.communicate("")
        assert edited.result(60) == 3
    assert daemon.config.read_bytes() == CONFIG


def test_a_run_that_does_not_end_is_named(sshd: SshServer, ssh: SshTransport, daemon: Daemon) -> None:
    with _another_run(sshd, daemon) as run:
        assert _line(run) == "in\n"
        service = host_of(ssh, daemon, lock=0.3).service("daemon")
        with pytest.raises(Busy) as caught, service.set_config({WORKERS: 3}):
            pytest.fail("another run has the lock")
        assert f"{daemon.config} on {ssh.name} is in use by {run.pid}@{socket.gethostname()} since" in str(caught.value)
        run.communicate("")


def test_a_lost_connection_does_not_keep_the_change(ssh: SshTransport, host: Host, daemon: Daemon) -> None:
    with host.service("daemon").set_config({WORKERS: 3}):
        _cut(ssh)
        assert daemon.workers == 3
    assert daemon.config.read_bytes() == CONFIG
    assert daemon.workers == 2
    assert _journal(daemon) == []


def test_a_run_that_was_taken_for_dead_is_told(sshd: SshServer, ssh: SshTransport, host: Host, daemon: Daemon) -> None:
    other = sshd.transport()

    def lose_the_connection_and_let_another_run_restore() -> None:
        with host.service("daemon").set_config({WORKERS: 3}):
            _cut(ssh)
            assert wait_for(host_of(other, daemon).recover, timeout=20, every=0.05, what="the lock to be free")
            assert daemon.workers == 2

    with pytest.raises(StackproofError, match="another run has restored") as caught:
        lose_the_connection_and_let_another_run_restore()
    other.close()
    assert "run it again" in caught.value.hint
    assert daemon.config.read_bytes() == CONFIG
    assert _journal(daemon) == []


def _cut(ssh: SshTransport) -> None:
    """Kill the server's process for the connection."""
    os.kill(int(ssh.run(["sh", "-c", "echo $PPID"]).stdout), signal.SIGKILL)
