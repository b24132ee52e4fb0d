"""Jobs in environments that uv makes, with the Tempest that they ask for: what is seen of them, and what is left."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from pytest_whitebox.core.wait import wait_for
from tests.acceptance.worker import sample
from tests.doubles.openstack import Openstack, environment
from tests.doubles.openstack import serve as openstack
from tests.doubles.refstack import Refstack
from tests.doubles.refstack import serve as refstack
from tests.wire.worker.laboratory import PATIENCE, ROOT, Laboratory, running
from worker.credentials import Credentials
from worker.payload import Payload
from worker.sealing import seal
from worker.states import State

#: Seconds for an environment from an empty cache, on a machine that others use, too.
COLD = 300.0
CANARY = "canary-51c2"


class Laboratories(Laboratory):
    """With a server for results, a cloud that can be asked, and jobs of the sample plugin."""

    server: Refstack
    cloud: Openstack
    keystone: str

    def payload(self, *names: str, **more: Any) -> dict[str, Any]:
        known = {"cloud": "sample", "tempest": "47.0.0", "tests": {"names": list(names)}, "deadline": 300}
        return {**known, **more}

    def ask(self, *names: str, **more: Any) -> str:
        return self.client.submit(self.payload(*names, **more))

    @property
    def images(self) -> set[str]:
        """The names of those that the cloud has."""
        with self.cloud.lock:
            return {row["name"] for row in self.cloud.of("image", "images").values()}

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
    conf.write_text(
        f"[auth]\nuse_dynamic_credentials = false\nadmin_password = {CANARY}\n"
        "[identity]\nuri_v3 = http://keystone.example/v3\n"
    )
    cloud = Openstack(services={"identity": "v3", "compute": "v2.1", "image": "v2"})
    image = {"status": "active", "visibility": "public", "disk_format": "qcow2", "min_disk": 0, "min_ram": 0}
    cloud.put("image", "images", name="small", **image)
    for ram in (64, 128):
        flavor = {"ram": ram, "vcpus": 1, "disk": 1, "os-flavor-access:is_public": True}
        cloud.put("compute", "flavors", name=f"m{ram}", **flavor)
    with refstack() as server, openstack(cloud) as keystone:
        allowed = f"{urlsplit(server.url).netloc},{urlsplit(keystone).netloc}"
        made = Laboratories(folder, leases=("--lease", "10"), allowed=allowed)
        known = Credentials.from_environ({**environment(keystone), "OS_PASSWORD": CANARY})
        (folder / "clouds" / "asked").mkdir()
        (folder / "clouds" / "asked" / "clouds.yaml").write_text(json.dumps(known.clouds("asked")))
        made.beside, made.server, made.cloud, made.keystone = str(sample.wheel(folder)), server, cloud, keystone
        with running(made):
            yield made


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


def test_password_of_the_cloud_is_told_nowhere(laboratory: Laboratories, worker: subprocess.Popen[str]) -> None:
    job = laboratory.ask(sample.TELLING)
    (known,) = laboratory.ended(job, timeout=COLD)
    log, (result,) = laboratory.client.log(job)[0], laboratory.client.results(job)
    assert (known["counts"], "it is *** and nothing else" in log) == ({"failed": 1}, True)
    assert "with *** in it" in result["why"]
    assert CANARY not in log + json.dumps([known, result])


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


@pytest.mark.parametrize("roles", [("admin", "member"), ("member",)])
def test_cloud_that_has_no_tempest_conf_is_asked(laboratory: Laboratories, roles: tuple[str, ...]) -> None:
    """By credentials that are sealed, of an administrator and of somebody who is none."""
    laboratory.cloud.roles = roles
    key = [sys.executable, "-m", "worker", "key", "--state", str(laboratory.folder / "first")]
    public = subprocess.run(key, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    asked = Payload.from_mapping(laboratory.payload(sample.PASSING, cloud="mine"))
    known = Credentials.from_environ({**environment(laboratory.keystone), "OS_PASSWORD": CANARY})
    worker = laboratory.keeper()
    job = laboratory.client.submit(replace(asked, sealed=seal(asked, known.text, public)))
    (ended,) = laboratory.ended(job, timeout=COLD)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(PATIENCE) == 0
    assert (ended["state"], ended["counts"]) == ("passed", {"passed": 1}), ended["sentence"]
    assert CANARY not in laboratory.client.log(job)[0] + json.dumps(ended)
    assert (laboratory.left("first"), laboratory.inside("first")) == ([], [])


def test_what_tests_leave_in_the_cloud_goes_and_nothing_else(
    laboratory: Laboratories, worker: subprocess.Popen[str]
) -> None:
    """Of a job that ends, and of one that is cancelled."""
    laboratory.cloud.roles = ("admin", "member")
    (ended,) = laboratory.ended(laboratory.ask(sample.LEAVING, cloud="asked"), timeout=COLD)
    assert (ended["state"], ended["sentence"], laboratory.images) == ("passed", "", {"small"})
    job = laboratory.ask(sample.LEAVING_FOR_EVER, cloud="asked")
    wait_for(lambda: "left" in laboratory.images, timeout=COLD, what="the test to make an image", every=0.05)
    laboratory.cloud.put("image", "images", name="theirs", status="active", visibility="private")
    laboratory.client.cancel(job)
    known = laboratory.in_state(job, State.CANCELLED)
    assert (known["sentence"], laboratory.images) == ("stopped", {"small", "theirs"})
    log = laboratory.client.log(job)[0]
    assert "1 deleted in " in log
    assert CANARY not in log
    assert (laboratory.left("first"), laboratory.inside("first")) == ([], [])


def test_worker_that_is_killed_leaves_the_cloud_clean(laboratory: Laboratories) -> None:
    """The process of the job does that, which notices that its worker is gone."""
    laboratory.cloud.roles = ("admin", "member")
    killed = laboratory.keeper("first")
    job = laboratory.ask(sample.LEAVING_FOR_EVER, cloud="asked")
    wait_for(lambda: "left" in laboratory.images, timeout=COLD, what="the test to make an image", every=0.05)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    wait_for(lambda: "left" not in laboratory.images, timeout=PATIENCE, what="the image to go")
    wait_for(lambda: not laboratory.left("first"), timeout=PATIENCE, what="the folder of the job to go")
    laboratory.in_state(job, State.QUEUED)
    laboratory.client.cancel(job)


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
