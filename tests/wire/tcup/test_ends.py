"""However a run ends, nothing of it stays: stopped, killed, without its engine, on a full disk."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_whitebox.core.wait import wait_for
from tests.doubles import refstack
from tests.doubles.openstack import Openstack
from tests.wire.tcup.cloud import PASSWORD, SELECTION
from tests.wire.tcup.conftest import Run, Tcup
from tests.wire.tcup.engine import BASE, Engine


@pytest.fixture
def slow(cloud: Openstack) -> Iterator[None]:
    """The cloud takes its time once tests run."""
    cloud.delay = 1.0
    yield
    cloud.delay = 0.0


@pytest.fixture
def running(slow: None, engine: Engine, tcup: Tcup) -> Run:
    """A run whose first test is over."""
    run = tcup("--no-upload", "--", SELECTION, engine=engine)
    run.until("tcup: failed: ")
    return run


def test_stopped_it_keeps_what_there_is(running: Run, nothing_left: Callable[[], None]) -> None:
    running.process.send_signal(signal.SIGINT)

    assert running.wait() == 2, running.said
    assert "stopping; what was made in the cloud is removed" in running.said
    assert re.search(r"tcup: \d of 7 tests have ended: 1 failed.*; see ", running.said)
    assert "uploaded" not in running.said
    assert "test_api_media_types" in (running.results / "junit.xml").read_text()
    assert (running.results / "results.subunit").stat().st_size
    nothing_left()


def test_killed_it_takes_its_container_along_and_its_secret(
    running: Run, engine: Engine, nothing_left: Callable[[], None]
) -> None:
    running.process.kill()
    nothing_left()
    written = {str(path): path.read_bytes() for path in engine.written_down()}
    assert any(path.endswith((".db", ".json")) for path in written)
    assert [path for path, data in written.items() if PASSWORD.encode() in data] == []


def test_stopped_while_it_uploads_it_keeps_the_results(
    engine: Engine, tcup: Tcup, nothing_left: Callable[[], None]
) -> None:
    with refstack.serve() as server:
        server.free.clear()
        run = tcup("--api", server.url, "--", SELECTION, engine=engine)
        wait_for(lambda: server.seen, timeout=240, what="the upload", hint=run.said)
        run.process.send_signal(signal.SIGINT)
        assert run.wait() == 1, run.said

    assert "stopping; no more is sent" in run.said
    assert "results not uploaded: you have stopped that; send them with `tcup upload tcup-results/" in run.said
    assert (run.results / "refstack.json").stat().st_size
    nothing_left()


def test_without_its_engine_it_keeps_what_was_told(
    running: Run, engine: Engine, nothing_left: Callable[[], None]
) -> None:
    """An engine that is stopped gives its containers a moment: some end in order in it, the others are cut off."""
    engine.stop()
    try:
        in_order = running.wait() == 2
        assert in_order or "the engine, or somebody else, has stopped it" in running.said
        assert "test_api_media_types" in (running.results / "results.jsonl").read_text()
    finally:
        engine.start()
    # Podman's go on without it, until they hear that nobody listens.
    nothing_left()


def test_the_next_start_removes_what_a_killed_one_left(
    engine: Engine, tcup: Tcup, nothing_left: Callable[[], None]
) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    own = {"host": os.uname().nodename, "start": "of no process"}
    for pid, start in ((dead.pid, "1"), (os.getpid(), "2")):
        labels = {
            f"org.stackproof.tcup.{name}": value for name, value in {**own, "pid": str(pid), "start": start}.items()
        }
        engine.client.create_container(BASE, ["true"], labels=labels)
    another = engine.client.create_container(BASE, ["true"])["Id"]

    run = tcup("--base", "127.0.0.1:1/nothing", env={"DOCKER_HOST": engine.address})

    assert run.wait() == 3
    assert "image 127.0.0.1:1/nothing cannot be had: " in run.said
    assert run.said.count("removed what a tcup left that was killed") == 2
    assert [one["Id"] for one in engine.client.containers(all=True)] == [another]
    engine.client.remove_container(another)


def test_a_full_disk_is_one_sentence(
    engine: Engine, tcup: Tcup, tmp_path: Path, nothing_left: Callable[[], None]
) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", tmp_path], check=True)
    try:
        run = tcup("--no-upload", "--results", str(tmp_path), "--", SELECTION, engine=engine)
        assert run.wait() == 3
        assert "cannot be written: its disk is full; name another folder with --results" in run.said
        assert "Traceback" not in run.said
        nothing_left()
    finally:
        subprocess.run(["umount", tmp_path], check=True)
