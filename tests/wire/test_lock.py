"""A lock on a host: shared, alone, and in turn."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.transactions import Busy, locked
from pytest_whitebox.core.transports import SshTransport
from pytest_whitebox.core.wait import WaitTimeout, wait_for


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


def test_where_nothing_can_be_written_it_is_told(ssh: SshTransport, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(StackproofError, match=r"it cannot be locked: mkdir: .*File exists"),
        locked(ssh, f"{tmp_path}/file/lock", what="it", wait=1),
    ):
        pytest.fail("there is no such folder")
