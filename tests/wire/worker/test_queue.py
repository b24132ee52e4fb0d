"""Jobs through a Gearman server, whatever dies meanwhile: each has one end, and that counts once."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from pytest_whitebox.core.wait import wait_for
from tests.doubles.refstack import serve as listener
from tests.wire.worker.laboratory import PATIENCE, Laboratory, asked, running
from tests.wire.worker.noop import ENDLESS, POISON
from tests.wire.worker.standing import program
from worker.asking import Refusal
from worker.gearing import Submitter, Taker
from worker.place import Place
from worker.states import State


def ends(laboratory: Laboratory, jobs: list[str]) -> Counter[str]:
    """The states of jobs that have ended, each with one result and one end in its history."""
    known = laboratory.ended(*jobs)
    assert [len(laboratory.client.results(job)) for job in jobs] == [1] * len(jobs)
    return Counter(job["state"] for job in known)


def test_jobs_go_to_whoever_is_free(shared: Laboratory) -> None:
    for _ in range(2):
        shared.worker(slots=2)
    jobs = [shared.client.submit(asked()) for _ in range(20)]
    assert ends(shared, jobs) == {"passed": 20}
    known = shared.client.job(jobs[0])
    assert (known["worker"].partition("/")[0], known["attempt"], known["counts"]) == ("node", 1, {"passed": 1})
    assert "runs in" in shared.client.log(jobs[0])[0]


def test_jobs_wait_for_a_worker_that_comes_later(shared: Laboratory) -> None:
    job = shared.client.submit(asked())
    assert shared.client.job(job)["state"] == "queued"
    shared.worker()
    assert ends(shared, [job]) == {"passed": 1}


def test_urgent_ones_come_first(laboratory: Laboratory) -> None:
    jobs = {priority: laboratory.client.submit(asked(priority=priority)) for priority in ("low", "normal", "high")}
    log = laboratory.folder / "monitor.log"
    wait_for(lambda: dispatched(laboratory) == 3, timeout=30, what="the jobs to be handed out", hint=log.read_text())
    laboratory.worker()
    laboratory.ended(*jobs.values())
    begun = {priority: laboratory.client.job(job)["changed"] for priority, job in jobs.items()}
    assert sorted(begun, key=lambda priority: begun[priority]) == ["high", "normal", "low"]


def test_what_runs_is_cancelled_within_five_seconds(shared: Laboratory) -> None:
    shared.worker()
    job = shared.client.submit(asked(ENDLESS))
    shared.in_state(job, State.RUNNING)
    began = time.monotonic()
    assert shared.client.cancel(job) is State.RUNNING
    shared.in_state(job, State.CANCELLED)
    assert time.monotonic() - began < 5


def test_what_waits_is_cancelled_at_once_and_never_runs(shared: Laboratory) -> None:
    job, next_ = (shared.client.submit(asked()) for _ in range(2))
    assert shared.client.cancel(job) is State.CANCELLED
    shared.worker()
    shared.ended(next_)
    assert (shared.client.job(job)["state"], shared.client.log(job)) == ("cancelled", ("", 0))


def test_worker_that_is_killed_loses_its_job_to_another(hasty: Laboratory) -> None:
    first = hasty.worker()
    job = hasty.client.submit(asked(ENDLESS, deadline=3))
    hasty.in_state(job, State.RUNNING)
    first.send_signal(signal.SIGKILL)
    hasty.worker(name="other")
    (known,) = hasty.ended(job)
    assert (known["worker"], known["attempt"] > 1, known["sentence"]) == ("other/0", True, "nobody stopped it")


def test_what_kills_its_workers_is_quarantined(hasty: Laboratory) -> None:
    job = hasty.client.submit(asked(POISON))
    for _ in range(3):
        hasty.worker().wait(60)
    (known,) = hasty.ended(job)
    assert (known["state"], known["attempt"]) == ("lost", 3)
    assert known["sentence"].startswith("quarantined: 3 workers were lost with it")


def test_gearman_server_that_is_killed_loses_nothing(laboratory: Laboratory) -> None:
    jobs = [laboratory.client.submit(asked()) for _ in range(10)]
    wait_for(lambda: dispatched(laboratory) == 10, timeout=30, what="the jobs to be handed out")
    server = laboratory.started[0]
    server.send_signal(signal.SIGKILL)
    server.wait()
    laboratory.serve()
    laboratory.worker(slots=2)
    assert ends(laboratory, jobs) == {"passed": 10}


def test_monitor_that_is_killed_takes_no_job_from_anybody(laboratory: Laboratory) -> None:
    laboratory.worker(slots=2)
    running, waiting = laboratory.client.submit(asked(ENDLESS, deadline=6)), laboratory.client.submit(asked())
    laboratory.in_state(running, State.RUNNING)
    monitor = laboratory.started[1]
    monitor.send_signal(signal.SIGKILL)
    monitor.wait()
    laboratory.monitor()
    known, other = laboratory.ended(running, waiting)
    assert (known["attempt"], known["sentence"], other["state"]) == (1, "nobody stopped it", "passed")


def test_sigterm_ends_a_worker_when_its_job_has_ended(shared: Laboratory) -> None:
    worker = shared.worker()
    job = shared.client.submit(asked(ENDLESS, deadline=3))
    shared.in_state(job, State.RUNNING)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(60) == 0
    assert shared.client.job(job)["sentence"] == "nobody stopped it"


def test_second_sigterm_hands_the_job_back(laboratory: Laboratory) -> None:
    worker = laboratory.worker()
    job = laboratory.client.submit(asked(ENDLESS, deadline=50))
    laboratory.in_state(job, State.RUNNING)
    worker.send_signal(signal.SIGTERM)
    wait_for(lambda: _told_to_end(worker), timeout=PATIENCE, what="the worker to end")
    known = laboratory.client.job(job)
    assert (known["state"], known["attempt"]) == ("queued", 1)


def test_what_a_stranger_gives_to_the_gearman_server_is_left(shared: Laboratory) -> None:
    shared.worker()
    stranger = Submitter(Place("127.0.0.1", shared.gearman))
    stranger.waitForServer(PATIENCE)
    known = {"test_id": "0c8d8f38-3f3e-4c1c-9e0e-0f4f6c1f2a11", "payload": asked()}
    for text in ("", "[]", "{", "[" * 100_000, json.dumps({**known, "test_id": "../x"}), json.dumps(known)):
        stranger.submit(f"strange {len(text)}", text, "high")
    job = shared.client.submit(asked())
    assert ends(shared, [job]) == {"passed": 1}
    wait_for(lambda: dispatched(shared) == 0, timeout=PATIENCE, what="the server to be rid of them")
    stranger.shutdown()
    assert known["test_id"] not in {job["test_id"] for job in shared.client.jobs()}


def test_job_that_somebody_takes_and_says_nothing_of_goes_to_another(hasty: Laboratory) -> None:
    """Somebody who hangs, or is behind a network that was cut: the Gearman server waits for him for ever."""
    hoarder = Taker(Place("127.0.0.1", hasty.gearman), "hoarder")
    hoarder.waitForServer(PATIENCE)
    job = hasty.client.submit(asked())
    assert job in hoarder.take().arguments
    hasty.worker()
    assert ends(hasty, [job]) == {"passed": 1}
    assert hasty.client.job(job)["attempt"] == 1
    hoarder.shutdown()


def test_worker_that_the_monitor_does_not_know_leaves_the_jobs_to_others(hasty: Laboratory) -> None:
    (hasty.folder / "stranger").touch(mode=0o600)
    job = hasty.client.submit(asked())
    assert hasty.worker(name="stranger").wait(PATIENCE) != 0
    hasty.worker()
    assert ends(hasty, [job]) == {"passed": 1}


def test_what_a_worker_cannot_do_is_said_in_a_sentence(shared: Laboratory) -> None:
    """Through all of a worker but its environments, which take a while: those are in tests/acceptance."""
    worker = shared.keeper()
    (known,) = shared.ended(shared.client.submit(asked(cloud="elsewhere")))
    assert known["sentence"].startswith("this worker holds no cloud 'elsewhere'; write elsewhere/tempest.conf or")
    assert (known["state"], known["worker"]) == ("failed", "node/0")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(PATIENCE) == 0


def test_worker_that_is_one_file_takes_jobs_too(shared: Laboratory, tmp_path: Path) -> None:
    """With nothing beside it but Python; with its environments it is in tests/acceptance."""
    worker = shared.keeper("alone", program(tmp_path))
    (known,) = shared.ended(shared.client.submit(asked(cloud="elsewhere")))
    assert known["sentence"].startswith("this worker holds no cloud 'elsewhere'; write elsewhere/tempest.conf or")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(PATIENCE) == 0
    assert list((tmp_path / "empty").iterdir()) == []


def test_callback_that_was_down_hears_all_in_order(tmp_path: Path) -> None:
    with listener() as callback:
        place = callback.url.removeprefix("http://")
        callback.first = [503, 503]
        with running(Laboratory(tmp_path, allowed=place)) as laboratory:
            laboratory.worker()
            job = laboratory.client.submit(asked(callback=f"{callback.url}/hook"))
            laboratory.ended(job)
            wait_for(lambda: any(b'"passed"' in body for _, body, _ in callback.seen), timeout=60, what="the callback")
        heard = [body.split(b'"state": "')[1].split(b'"')[0] for path, body, _ in callback.seen if path == "/hook"]
    assert heard[:3] == [b"queued"] * 3
    # A job may be over before its worker has told that it runs.
    assert [state for state in heard[2:] if state != b"running"] == [b"queued", b"claimed", b"passed"]


def test_callback_elsewhere_is_refused(empty: Laboratory) -> None:
    empty.serve()
    empty.monitor()
    with pytest.raises(Refusal, match="callback leads to a host that is not allowed"):
        empty.client.submit(asked(callback="http://169.254.169.254/latest"))


def _told_to_end(worker: subprocess.Popen[str]) -> bool:
    """True once it has ended; it is told again until then, for two signals at once may be one."""
    worker.send_signal(signal.SIGTERM)
    return worker.poll() is not None


def dispatched(laboratory: Laboratory) -> int:
    """How many jobs the Gearman server has, as it tells itself."""
    with socket.create_connection(("127.0.0.1", laboratory.gearman), timeout=10) as connection:
        connection.sendall(b"status\n")
        said = connection.makefile().readline
        for line in iter(said, ".\n"):
            name, total, *_ = line.split("\t")
            if name == "stackproof:run":
                return int(total)
    return 0
