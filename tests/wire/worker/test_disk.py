"""Disks that are full: the monitor's, whose workers go on meanwhile, and a worker's, who leaves its jobs to others."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from pytest_whitebox.core.wait import wait_for
from tests.wire.worker.laboratory import PATIENCE, Laboratory, asked
from tests.wire.worker.noop import ENDLESS
from worker.asking import Away
from worker.payload import MOST_TESTS
from worker.states import State

_MOUNTED = 'mount -t tmpfs -o size="$1" none "$2"; shift 2; exec "$@"'
#: Seconds that a worker may be silent for.
LEASE = 8.0


def small(folder: Path, size: str) -> Sequence[str]:
    """What has a process see a small disk in a folder, which nobody else sees; skips without root."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to mount a small disk")
    folder.mkdir()
    return ["unshare", "--mount", "sh", "-euc", _MOUNTED, "sh", size, str(folder)]


def seen_by(process: subprocess.Popen[str], folder: Path) -> Path:
    """A folder as a process sees it."""
    return Path(f"/proc/{process.pid}/root{folder}")


def fill(process: subprocess.Popen[str], folder: Path) -> Path:
    """Take all that is left on a disk that only the process sees; returns the file that does."""
    file = seen_by(process, folder) / "filling"
    with suppress(OSError), file.open("wb", buffering=0) as stream:
        while stream.write(b"x" * 4096):
            pass
    return file


def test_monitor_whose_disk_is_full_takes_no_job_from_anybody(empty: Laboratory) -> None:
    disk = empty.folder / "disk"
    empty.leases, empty.store = ("--lease", str(LEASE)), f"sqlite:///{disk}/jobs.sqlite"
    empty.serve()
    monitor = empty.monitor(within=small(disk, "1m"))
    empty.worker(slots=2)
    job = empty.client.submit(asked(ENDLESS, deadline=20))
    empty.in_state(job, State.RUNNING)
    filling = fill(monitor, disk)
    names = [f"noop.a{number}" for number in range(MOST_TESTS)]
    with pytest.raises(Away, match=r"503 the store .* cannot be used: .*disk.* full"):
        empty.client.submit(asked(tests={"names": names}))
    began = time.monotonic()
    wait_for(lambda: time.monotonic() - began > LEASE + 2, timeout=60, what="the leases to be over")
    filling.unlink()
    (known,) = empty.ended(job)
    assert (known["attempt"], known["sentence"]) == (1, "nobody stopped it")
    (later,) = empty.ended(empty.client.submit(asked()))
    assert later["state"] == "passed"


def test_worker_whose_disk_is_full_leaves_its_job_to_another_and_ends(hasty: Laboratory, tmp_path: Path) -> None:
    conf = hasty.folder / "clouds" / "prod" / "tempest.conf"
    conf.parent.mkdir(parents=True, exist_ok=True)
    conf.write_text("[identity]\nuri_v3 = http://keystone.example/v3\n")
    disk = tmp_path / "disk"
    program = [*small(disk, "256k"), sys.executable, "-m", "worker"]
    worker = hasty.keeper("full", program, disk=str(disk))
    wait_for((seen_by(worker, disk) / "jobs" / ".lock").exists, timeout=PATIENCE, what="the worker to begin")
    fill(worker, disk)
    job = hasty.client.submit(asked())
    assert worker.wait(60) == 3
    said = (hasty.folder / "full.log").read_text()
    assert f"worker: job {job} was given back: the disk of its worker is full; make room below --state" in said
    assert "Traceback" not in said
    assert hasty.client.job(job)["state"] == "queued"
    hasty.worker(name="other")
    (known,) = hasty.ended(job)
    assert (known["state"], known["attempt"] > 1, known["worker"]) == ("passed", True, "other/0")
