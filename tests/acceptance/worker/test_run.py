"""Jobs in environments that uv makes, with the Tempest that they ask for: what is seen of them, and what is left."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_whitebox.core.wait import wait_for
from tests.acceptance.worker import sample
from tests.doubles.refstack import Refstack
from tests.doubles.refstack import serve as refstack
from tests.wire.worker.laboratory import PATIENCE, ROOT, Laboratory
from worker.states import State

#: Seconds for an environment from an empty cache, on a machine that others use, too.
COLD = 300.0
CANARY = "canary-51c2"


class Laboratories(Laboratory):
    """With a server for results, and jobs of the sample plugin."""

    server: Refstack

    def ask(self, *names: str, **more: Any) -> str:
        known = {"cloud": "sample", "tempest": "47.0.0", "tests": {"names": list(names)}, "deadline": 300}
        return self.client.submit({**known, **more})

    def inside(self, name: str) -> list[int]:
        """The processes at work in the folder of a worker's jobs, there or removed."""
        folder, found = str(self.folder / name / "jobs"), []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if str((process / "cwd").readlink()).startswith(folder):
                    found.append(int(process.name))
            except OSError:
                continue
        return found

    def left(self, name: str) -> list[str]:
        """What is left of a worker's jobs on the disk."""
        return [file.name for file in (self.folder / name / "jobs").iterdir() if file.is_dir()]


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratories]:
    folder = tmp_path_factory.mktemp("runs")
    (folder / "clouds" / "sample").mkdir(parents=True)
    conf = folder / "clouds" / "sample" / "tempest.conf"
    conf.write_text("[auth]\nuse_dynamic_credentials = false\n[identity]\nuri_v3 = http://keystone.example/v3\n")
    with refstack() as server:
        place = server.url.removeprefix("http://")
        made = Laboratories(folder, leases=("--lease", "10"), allowed=place)
        made.beside, made.server = str(sample.wheel(folder)), server
        try:
            made.serve()
            made.monitor()
            yield made
        finally:
            made.close()


@pytest.fixture
def worker(laboratory: Laboratories) -> Iterator[subprocess.Popen[str]]:
    process = laboratory.keeper()
    yield process
    process.send_signal(signal.SIGTERM)
    process.wait(PATIENCE)


def test_worker_that_is_killed_while_it_installs_leaves_its_job_to_another(laboratory: Laboratories) -> None:
    killed = laboratory.keeper("killed")
    job = laboratory.ask(sample.PASSING)
    folder = laboratory.folder / "killed" / "jobs" / job
    wait_for(folder.is_dir, timeout=PATIENCE, what="the installation to begin", every=0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    wait_for(lambda: not folder.exists(), timeout=PATIENCE, what="its folder to go")
    assert laboratory.inside("killed") == []
    other = laboratory.keeper("second")
    (known,) = laboratory.ended(job, timeout=COLD)
    other.send_signal(signal.SIGTERM)
    assert (known["state"], known["attempt"], known["counts"]) == ("passed", 2, {"passed": 1})
    assert other.wait(PATIENCE) == 0
    assert laboratory.left("second") == []


def test_outcomes_log_and_upload_of_a_job(laboratory: Laboratories, worker: subprocess.Popen[str]) -> None:
    job = laboratory.ask(sample.PASSING, sample.FAILING, sample.SKIPPED, upload=laboratory.server.url)
    (known,) = laboratory.ended(job, timeout=COLD)
    assert (known["state"], known["sentence"]) == ("failed", "tests failed; see the log of the job")
    found = {one["test"]: one for one in laboratory.client.results(job)}
    outcomes = {test: one["outcome"] for test, one in found.items()}
    assert outcomes == {sample.PASSING: "passed", sample.FAILING: "failed", sample.SKIPPED: "skipped"}
    assert "not on a Sunday" in found[sample.SKIPPED]["why"]
    log = laboratory.client.log(job)[0]
    assert "tempest: 47.0.0 with sample" in log
    assert "'ACTIVE' != 'ERROR'" in log
    assert CANARY not in log + json.dumps(found)
    ((path, body, _),) = laboratory.server.seen
    assert (path, [one["name"] for one in json.loads(body)["results"]]) == ("/v1/results", [sample.PASSING])
    assert "results: http://ui/#/results/0a6c" in log
    states = [line for line in ("queued", "claimed", "installing", "running", "failed") if line]
    assert [change.state for change in _history(laboratory, job)] == states
    assert (laboratory.left("first"), laboratory.inside("first")) == ([], [])


def test_cancelled_job_ends_within_five_seconds_and_leaves_nothing(
    laboratory: Laboratories, worker: subprocess.Popen[str]
) -> None:
    job = laboratory.ask(sample.ENDLESS)
    _at_work(laboratory, job)
    began = time.monotonic()
    laboratory.client.cancel(job)
    wait_for(lambda: not laboratory.inside("first"), timeout=5, what="its processes to end", every=0.05)
    assert time.monotonic() - began < 5
    laboratory.in_state(job, State.CANCELLED)
    assert laboratory.left("first") == []


def test_worker_that_is_killed_while_it_runs_takes_its_run_along(laboratory: Laboratories) -> None:
    killed = laboratory.keeper("first")
    job = laboratory.ask(sample.ENDLESS)
    _at_work(laboratory, job)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    wait_for(lambda: not laboratory.inside("first"), timeout=PATIENCE, what="its processes to end")
    wait_for(lambda: not laboratory.left("first"), timeout=PATIENCE, what="its folder to go")
    laboratory.in_state(job, State.QUEUED)
    laboratory.client.cancel(job)


def test_job_without_an_end_is_stopped_at_its_deadline(laboratory: Laboratories, worker: subprocess.Popen[str]) -> None:
    (known,) = laboratory.ended(laboratory.ask(sample.ENDLESS, deadline=5), timeout=COLD)
    assert known["state"] == "failed"
    assert known["sentence"].startswith("it took longer than its deadline, 5 s")
    assert (laboratory.left("first"), laboratory.inside("first")) == ([], [])


def test_job_without_a_test_has_failed(laboratory: Laboratories, worker: subprocess.Popen[str]) -> None:
    nothing = laboratory.ask("tempest.api.nowhere.Nothing.test_nothing")
    (known,) = laboratory.ended(nothing, timeout=COLD)
    assert (known["state"], known["sentence"]) == ("failed", "no test was found; see the log of the job")


def test_prepared_worker_needs_no_network(laboratory: Laboratories) -> None:
    words = ["prepare", "--tempest", "47.0.0", "--state", str(laboratory.folder / "third")]
    words += ["--cache", str(laboratory.folder / "cache"), "--beside", laboratory.beside]
    done = subprocess.run(
        [sys.executable, "-m", "worker", *words], cwd=ROOT, capture_output=True, text=True, timeout=COLD, check=False
    )
    assert (done.returncode, done.stdout) == (0, "Tempest 47.0.0 is prepared\n"), done.stderr
    worker = laboratory.keeper("third", UV_OFFLINE="1")
    (known,) = laboratory.ended(laboratory.ask(sample.PASSING), timeout=COLD)
    worker.send_signal(signal.SIGTERM)
    assert (known["state"], worker.wait(PATIENCE)) == ("passed", 0)


def _at_work(laboratory: Laboratories, job: str) -> None:
    """Wait until the endless test runs: pytest's child."""
    laboratory.in_state(job, State.RUNNING, COLD)
    wait_for(lambda: len(laboratory.inside("first")) >= 2, timeout=PATIENCE, what="the test to begin", every=0.05)


def _history(laboratory: Laboratories, job: str) -> list[Any]:
    from worker.store import Store

    with Store.open(f"sqlite:///{laboratory.folder}/jobs.sqlite") as store:
        return store.jobs.changes(job)
