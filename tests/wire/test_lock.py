"""A lock on a host: shared, alone, and in turn."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.transactions import Busy, locked
from pytest_whitebox.core.transports import SshTransport
from pytest_whitebox.core.wait import WaitTimeout, wait_for

from .conftest import SshServer


def test_those_who_share_it_have_it_at_the_same_time(ssh: SshTransport, tmp_path: Path) -> None:
    file = str(tmp_path / "lock")
    with (
        locked(ssh, file, what="it", wait=5, shared=True) as one,
        locked(ssh, file, what="it", wait=5, shared=True) as two,
    ):
        assert one.alive
        assert two.alive


@pytest.mark.parametrize("shared", [True, False])
def test_who_has_it_alone_is_named_to_the_others(ssh: SshTransport, tmp_path: Path, shared: bool) -> None:
    file = str(tmp_path / "lock")
    with (
        locked(ssh, file, what="the host c1", wait=5, holder="7@here for test_a"),
        pytest.raises(Busy, match=r"the host c1 is in use by 7@here for test_a since .*Z, still after 0.1 s"),
        locked(ssh, file, what="the host c1", wait=0.1, shared=shared),
    ):
        pytest.fail("somebody has it alone")


def test_who_has_let_go_of_it_is_not_named_and_all_others_are(ssh: SshTransport, tmp_path: Path) -> None:
    file = str(tmp_path / "lock")

    def share(holder: str) -> AbstractContextManager[object]:
        return locked(ssh, file, what="it", wait=5, shared=True, holder=holder)

    with share("1@here"), share("2@here"):
        with share("3@here"), share("4@here"):
            pass
        with (
            pytest.raises(Busy, match=r"^it is in use by 1@here since \S+Z, 2@here since \S+Z, still after 0.1 s"),
            locked(ssh, file, what="it", wait=0.1),
        ):
            pytest.fail("two share it")


def test_who_wants_it_alone_is_not_kept_out_by_those_who_share_it(ssh: SshTransport, tmp_path: Path) -> None:
    file = str(tmp_path / "lock")
    order: list[str] = []

    def take(name: str, shared: bool) -> None:
        with locked(ssh, file, what="it", wait=30, shared=shared):
            order.append(name)

    with ThreadPoolExecutor() as pool, locked(ssh, file, what="it", wait=5, shared=True):
        pool.submit(take, "alone", False)
        wait_for(lambda: not ssh.run(["flock", "-n", f"{file}.door", "true"], check=False).ok, timeout=10, what="it")
        pool.submit(take, "shared", True)
        with pytest.raises(WaitTimeout):
            wait_for(lambda: order, timeout=1, every=0.05, what="somebody to get in")
    assert order == ["alone", "shared"]


_WAITS = """
import sys
from pathlib import Path
from pytest_whitebox.core.transactions import locked
from pytest_whitebox.core.transports import SshTransport

with locked(SshTransport("server", ssh_config=Path(sys.argv[1])), sys.argv[2], what="it", wait=300):
    raise SystemExit("somebody has it alone")
"""


def test_who_dies_in_the_queue_is_not_waited_for(ssh: SshTransport, sshd: SshServer, tmp_path: Path) -> None:
    file = str(tmp_path / "lock")

    def waiting() -> list[str]:
        return ssh.run(["pgrep", "-f", f"flock .*{file}|flock .* [89]$"], check=False).stdout.split()

    others = waiting()
    with locked(ssh, file, what="it", wait=5, shared=True):
        waiter = subprocess.Popen([sys.executable, "-c", _WAITS, str(sshd.ssh_config), file])
        wait_for(lambda: set(waiting()) - set(others), timeout=60, what="somebody to wait")
        waiter.kill()
        waiter.wait()
        wait_for(lambda: set(waiting()) <= set(others), timeout=10, what="nobody to wait")
        with locked(ssh, file, what="it", wait=2, shared=True) as second:
            assert second.alive


def test_where_nothing_can_be_written_it_is_told(ssh: SshTransport, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(StackproofError, match=r"it cannot be locked: mkdir: .*File exists"),
        locked(ssh, f"{tmp_path}/file/lock", what="it", wait=1),
    ):
        pytest.fail("there is no such folder")
