"""The queue of test runs: how soon a job's environment is there, how many jobs go through, and what memory does."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from threading import Event
from typing import Any

import gear

from pytest_whitebox.core.wait import wait_for
from tests.acceptance.worker import sample
from tests.benchmarks.figure import Figure, seconds
from tests.wire.worker.laboratory import PATIENCE, ROOT, Laboratory, asked, running
from worker.environment import Environments
from worker.gearing import FUNCTION, Submitter
from worker.place import Place
from worker.states import State
from worker.store import Store

_TEMPEST = "47.0.0"


@dataclass(frozen=True, slots=True)
class Size:
    """How often something is done, and with how many jobs; ``lasting`` is how many memory is looked at over."""

    runs: int = 5
    stock: int = 500
    echoes: int = 5_000
    through: int = 2_000
    lasting: int = 100_000


def figures(size: Size | None = None) -> Iterator[Figure]:
    """Half an hour, on the loopback; needs the way to the package index."""
    size = size or Size()
    with tempfile.TemporaryDirectory(prefix="bench-worker-") as folder:
        yield from _environments(Path(folder) / "environments", size)
        yield from _first_test(Path(folder) / "first", size)
        for kind in ("gear", "gearmand"):
            yield from _echoes(Path(folder) / f"echo-{kind}", kind, size)
            yield _through(Path(folder) / f"through-{kind}", kind, size)
        yield from _memory(Path(folder) / "memory", size)


def _environments(folder: Path, size: Size) -> Iterator[Figure]:
    """Ours, and what venv and pip take for the same, one after the other."""
    environments = Environments(folder / "cache")
    folder.mkdir()
    environments.make(_TEMPEST, folder / "warm", _silent, Event())
    ours, theirs = [], []
    for number in range(size.runs):
        began = time.perf_counter()
        environments.make(_TEMPEST, folder / f"ours{number}", _silent, Event())
        ours.append(time.perf_counter() - began)
        made = folder / f"theirs{number}"
        python = str(made / "bin" / "python")
        took = seconds([sys.executable, "-m", "venv", str(made)], timeout=PATIENCE)
        install = [python, "-m", "pip", "install", "--quiet", f"tempest=={_TEMPEST}", "pytest>=8"]
        theirs.append(took + seconds(install, timeout=PATIENCE))
    yield Figure("an environment with Tempest, from a warm cache", "s", tuple(ours), 2, "as jobs have it")
    yield Figure("the same by venv and pip", "s", tuple(theirs), None, "warm cache, too; in turn with the other")


def _first_test(folder: Path, size: Size) -> Iterator[Figure]:
    """From the request of a user to the end of a job of one test that does nothing, by the parts of its life."""
    conf = folder / "clouds" / "sample" / "tempest.conf"
    conf.parent.mkdir(parents=True)
    conf.write_text("[auth]\nuse_dynamic_credentials = false\n[identity]\nuri_v3 = http://keystone.example/v3\n")
    parts: dict[str, list[float]] = {}
    with running(Laboratory(folder, beside=str(sample.wheel(folder)))) as laboratory:
        laboratory.keeper()
        for number in range(size.runs + 1):
            job = laboratory.client.submit(asked(sample.PASSING, cloud="sample"))
            (known,) = laboratory.ended(job)
            assert known["state"] == State.PASSED, laboratory.client.log(job)[0]
            with Store.open(f"sqlite:///{folder}/jobs.sqlite") as store:
                changes = store.jobs.changes(job)
            # The first one fills the cache.
            if number:
                for before, after in pairwise(changes):
                    parts.setdefault(f"{before.state} to {after.state}", []).append(after.at - before.at)
                parts.setdefault("submitted to its end", []).append(changes[-1].at - changes[0].at)
    for name, took in parts.items():
        limit = 15 if name == "submitted to its end" else None
        yield Figure(f"a job of one test: {name}", "s", tuple(took), limit, "warm cache")


def _echoes(folder: Path, kind: str, size: Size) -> Iterator[Figure]:
    folder.mkdir()
    limit = {"gear": 1000 / 150, "gearmand": 1000 / 5_000}[kind]
    for which, jobs, most in (("ours", size.echoes, limit), ("stock", size.stock, None)):
        took = tuple(_echo(folder, kind, which, jobs) for _ in range(size.runs))
        about = "gear as it comes" if which == "stock" else "TCP_NODELAY"
        yield Figure(f"a bare job through {kind}, {about}", "ms", took, most, f"{jobs} jobs, one client, one worker")


def _echo(folder: Path, kind: str, which: str, jobs: int) -> float:
    """Milliseconds that a job takes of many that are given to a server, and taken from it, at the same time."""
    laboratory = Laboratory(folder, kind)
    try:
        laboratory.serve()
        words = [sys.executable, "-m", "tests.benchmarks.echo", which, str(laboratory.gearman), str(jobs)]
        with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as worker:
            assert worker.stdout
            assert worker.stdout.readline() == "ready\n"
            client = _client(which, laboratory.gearman)
            began = time.perf_counter()
            for number in range(jobs):
                job = gear.TextJob(FUNCTION, "x" * 200, unique=str(number))
                client.submitJob(job, background=True)
            assert worker.stdout.readline() == "done\n"
            took = time.perf_counter() - began
        client.shutdown()
    finally:
        laboratory.close()
    return 1000 * took / jobs


def _client(which: str, port: int) -> Any:
    if which == "ours":
        client: Any = Submitter(Place("127.0.0.1", port))
    else:
        client = gear.Client("bench")
        client.addServer("127.0.0.1", port)
    client.waitForServer()
    return client


def _through(folder: Path, kind: str, size: Size) -> Figure:
    """Jobs that do nothing by monitor, store, server and workers, from the first request to the last end."""
    folder.mkdir()
    limit = {"gear": 1000 / 50, "gearmand": 1000 / 300}[kind]
    took = []
    with running(Laboratory(folder, kind)) as laboratory:
        for _ in range(2):
            laboratory.worker(slots=4)
        for _ in range(size.runs):
            took.append(1000 * _swift(laboratory, size.through) / size.through)
    note = f"{size.through} jobs, four clients, two workers with four slots"
    return Figure(f"a job through store, {kind} and worker", "ms", tuple(took), limit, note)


def _swift(laboratory: Laboratory, jobs: int) -> float:
    client, before = laboratory.client, laboratory.client.status()[State.PASSED]
    began = time.perf_counter()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: client.submit(asked()), range(jobs)))
    wait_for(
        lambda: client.status()[State.PASSED] >= before + jobs, timeout=PATIENCE + jobs, what="the jobs", every=0.05
    )
    return time.perf_counter() - began


def _memory(folder: Path, size: Size) -> Iterator[Figure]:
    """What monitor, server and worker have more after many jobs than after a tenth of them."""
    folder.mkdir()
    with running(Laboratory(folder)) as laboratory:
        laboratory.worker(slots=8)
        names = ("the Gearman server", "the monitor", "a worker")
        _swift(laboratory, size.lasting // 10)
        before = [_resident(process.pid) for process in laboratory.started]
        _swift(laboratory, size.lasting - size.lasting // 10)
        after = [_resident(process.pid) for process in laboratory.started]
    for name, first, last in zip(names, before, after, strict=True):
        note = f"after {size.lasting} jobs beside {size.lasting // 10}; {first:.0f} MB then"
        yield Figure(f"memory that {name} has more", "MB", (last - first,), 10, note)


def _resident(pid: int) -> float:
    """Megabytes in memory."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


def _silent(_: str) -> None:
    return
