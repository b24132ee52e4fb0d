"""No daemon starts while packages are installed, and the machine's own policy outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import devcloud
from devcloud.machine.autostart import POLICY, policy_text, prevented, recover

SOURCE = Path(devcloud.__file__).parents[1]
FOREIGN = b"#!/bin/sh\n# the owner's\nexit 104\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / POLICY).parent.mkdir(parents=True)
    return tmp_path


def files(root: Path) -> dict[str, tuple[bytes, int]]:
    return {file.name: (file.read_bytes(), file.stat().st_mode) for file in (root / POLICY).parent.iterdir()}


def test_daemons_are_forbidden_inside_and_nothing_is_left(root: Path) -> None:
    with prevented(root):
        assert subprocess.run([str(root / POLICY), "memcached", "start"], check=False).returncode == 101
    assert files(root) == {}


def test_the_owners_policy_is_put_back_with_its_mode(root: Path) -> None:
    (root / POLICY).write_bytes(FOREIGN)
    (root / POLICY).chmod(0o711)
    before = files(root)
    asked = []

    def interrupted() -> None:
        with prevented(root):
            asked.append(subprocess.run([str(root / POLICY)], check=False).returncode)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert asked == [101]
    assert files(root) == before


@pytest.mark.parametrize("owners", [b"", FOREIGN])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_run_is_put_right_by_the_next(root: Path, owners: bytes, number: signal.Signals) -> None:
    if owners:
        (root / POLICY).write_bytes(owners)
    before = files(root)
    code = (
        "import os, pathlib, sys\nfrom devcloud.machine.autostart import prevented\n"
        f"with prevented(pathlib.Path({str(root)!r})): os.kill(os.getpid(), {int(number)}); sys.stdin.read()"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, env={**os.environ, "PYTHONPATH": str(SOURCE)})
    if number == signal.SIGKILL:
        assert done.returncode == -signal.SIGKILL
        assert files(root) != before
        with prevented(root):
            pass
    else:
        assert done.returncode == 128 + signal.SIGTERM
    assert files(root) == before


def test_a_policy_that_was_moved_aside_and_no_more_is_put_back(root: Path) -> None:
    (root / POLICY).with_name("policy-rc.d.before-devcloud").write_bytes(FOREIGN)
    assert recover(root) is None
    assert {name: data for name, (data, _) in files(root).items()} == {"policy-rc.d": FOREIGN}


def test_a_left_over_remembers_what_was_enabled(root: Path) -> None:
    units = frozenset({"ssh.service", "cron.service"})
    (root / POLICY).write_text(policy_text(units))
    assert recover(root) == units
    assert files(root) == {}


def test_a_foreign_policy_is_not_ours(root: Path) -> None:
    (root / POLICY).write_bytes(FOREIGN)
    assert recover(root) is None
    assert (root / POLICY).read_bytes() == FOREIGN
