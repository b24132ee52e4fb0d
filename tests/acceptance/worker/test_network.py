"""A worker behind a network that is cut: what it had is run by another and counts once; then it takes jobs again."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from pytest_whitebox.core.wait import wait_for
from tests.wire.worker.conftest import KINDS
from tests.wire.worker.laboratory import PATIENCE, Laboratory, asked, running
from tests.wire.worker.networks import HERE, networks
from tests.wire.worker.noop import ENDLESS
from worker.states import State

#: Seconds that the network is away, and that a silent worker has a job for.
CUT, LEASE = 60.0, 20.0
LEASES = ("--lease", str(LEASE))


@pytest.mark.parametrize("kind", KINDS)
def test_network_that_is_cut_for_a_minute_loses_nothing(kind: str, tmp_path: Path) -> None:
    with networks() as net, running(Laboratory(tmp_path, kind, LEASES, address=HERE)) as laboratory:
        laboratory.worker(slots=2, within=net.within)
        # The first comes to its end while the network is away, the second still goes on when it is back.
        jobs = [laboratory.client.submit(asked(ENDLESS, deadline=seconds)) for seconds in (25, 600)]
        for job in jobs:
            assert laboratory.in_state(job, State.RUNNING)["worker"].startswith("node/")
        net.cut()
        began = time.monotonic()
        other = laboratory.worker(slots=2, name="other")
        waiting = laboratory.client.submit(asked())
        wait_for(lambda: _have(laboratory, jobs, "other/"), timeout=CUT, what="the other to have them")
        wait_for(lambda: time.monotonic() - began > CUT, timeout=2 * CUT, what="a minute to pass")
        net.mend()
        log = tmp_path / "worker-2.log"
        told = [f"job {job} is no longer yours" for job in jobs]
        wait_for(lambda: _says(log, told), timeout=PATIENCE, what="the worker to hear that", hint=f"see {log}")
        first, third = laboratory.ended(jobs[0], waiting)
        assert (first["state"], first["attempt"], first["worker"][:6]) == ("failed", 2, "other/")
        assert (third["state"], third["attempt"]) == ("passed", 1)
        assert [len(laboratory.client.results(job)) for job in (jobs[0], waiting)] == [0, 1]
        laboratory.client.cancel(jobs[1])
        assert laboratory.in_state(jobs[1], State.CANCELLED)["attempt"] == 2
        other.send_signal(signal.SIGTERM)
        assert other.wait(PATIENCE) == 0
        (last,) = laboratory.ended(laboratory.client.submit(asked()))
        assert (last["state"], last["worker"][:5]) == ("passed", "node/")


def test_network_that_is_cut_for_less_than_a_lease_is_not_noticed(tmp_path: Path) -> None:
    with networks() as net, running(Laboratory(tmp_path, leases=("--lease", "60"), address=HERE)) as laboratory:
        laboratory.worker(within=net.within)
        job = laboratory.client.submit(asked(ENDLESS, deadline=30))
        laboratory.in_state(job, State.RUNNING)
        net.cut()
        began = time.monotonic()
        wait_for(lambda: time.monotonic() - began > 15, timeout=60, what="the cut to last")
        net.mend()
        (known,) = laboratory.ended(job)
        assert (known["sentence"], known["attempt"], known["worker"]) == ("nobody stopped it", 1, "node/0")


def _have(laboratory: Laboratory, jobs: list[str], worker: str) -> bool:
    return all(laboratory.client.job(job)["worker"].startswith(worker) for job in jobs)


def _says(log: Path, lines: list[str]) -> bool:
    text = log.read_text()
    return all(line in text for line in lines)
