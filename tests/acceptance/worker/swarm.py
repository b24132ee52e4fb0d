"""Thousands of jobs that do nothing, dozens of workers, and kills at random: each job comes to one end, and that once.

``python -m tests.acceptance.worker.swarm [--jobs 10000] [--workers 50] [--kind gear|gearmand]``; all on loopback, over
each kind of Gearman server in turn if none is named. Writes a page of each.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, select

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.wait import WaitTimeout, wait_for
from tests.acceptance.record import Record
from tests.wire.worker.laboratory import PATIENCE, Laboratory, asked, running
from worker.states import FINAL
from worker.store import Store, tables

KINDS = ("gear", "gearmand")
#: A worker that gets no processor for so long has lost its job; that is no fault here, it has one end all the same.
_LEASE = 10
#: Of these, a job that was with so many workers when they were killed would be lost; kills at random are not its fault.
_DEATHS = 50
#: Seconds for all of it, for each job, beside those for the start.
_START, _EACH = 300.0, 1.0


@dataclass
class Swarm:
    """Workers of a laboratory, of which one is killed now and then; another one comes in its place."""

    laboratory: Laboratory
    chance: random.Random
    workers: list[subprocess.Popen[str]] = field(default_factory=list)
    killed: int = 0

    def grow(self, number: int) -> None:
        """Have so many more, ready to take jobs."""
        self.workers += [self.laboratory.worker() for _ in range(number)]
        wait_for(lambda: self._ready() >= len(self.workers), timeout=PATIENCE, what="the workers to be ready")

    def lose_one(self) -> None:
        """Kill one, whatever it does, and have another."""
        victim = self.chance.randrange(len(self.workers))
        self.workers[victim].send_signal(signal.SIGKILL)
        self.workers[victim].wait()
        self.workers[victim] = self.laboratory.worker()
        self.killed += 1

    def _ready(self) -> int:
        return sum("ready\n" in log.read_text() for log in self.laboratory.folder.glob("worker-*.log"))


def main(words: Sequence[str] | None = None) -> int:
    """Submit, kill, count; exit code 1 if a job has not come to exactly one end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=10_000, metavar="N", help="default %(default)s")
    parser.add_argument("--workers", type=int, default=50, metavar="N", help="processes (default %(default)s)")
    parser.add_argument("--every", type=float, default=2.0, metavar="SECONDS", help="one is killed (default 2)")
    parser.add_argument("--kind", choices=KINDS, help="the Gearman server (default: each in turn)")
    parser.add_argument("--seed", type=int, default=random.randrange(10_000), help="of the kills (default: any)")
    options = parser.parse_args(words)
    return max(_swarmed(kind, options) for kind in ([options.kind] if options.kind else KINDS))


def _swarmed(kind: str, options: argparse.Namespace) -> int:
    title = f"{options.jobs} jobs by {options.workers} workers that are killed at random, over {kind}"
    record = Record(f"swarm-{kind}", title)
    with tempfile.TemporaryDirectory(prefix="swarm-") as folder:
        return record.carry_out(lambda: _steps(record, Path(folder), kind, options))


def _steps(record: Record, folder: Path, kind: str, options: argparse.Namespace) -> None:
    leases = ("--lease", str(_LEASE), "--deaths", str(_DEATHS))
    with running(Laboratory(folder, kind, leases)) as laboratory:
        swarm = Swarm(laboratory, random.Random(options.seed))
        with record.step("the workers are ready"):
            swarm.grow(options.workers)
        with record.step("jobs are submitted, run and end while workers are killed") as step:
            _through(swarm, options)
            step.said = f"{swarm.killed} killed, seed {options.seed}"
        with record.step("each job has passed, has one end and one result") as step:
            step.said = _counted(folder, options.jobs)
            if not swarm.killed:
                raise StackproofError("no worker was killed", hint="have more jobs, or kills more often")


def _through(swarm: Swarm, options: argparse.Namespace) -> None:
    deadline = time.monotonic() + _START + _EACH * options.jobs
    with _submitting(swarm.laboratory, options.jobs):
        while not _over(swarm.laboratory, options.jobs, options.every):
            if time.monotonic() > deadline:
                states = swarm.laboratory.client.status()
                raise StackproofError(f"jobs are {states} after all that time", hint="see the log")
            swarm.lose_one()


@contextmanager
def _submitting(laboratory: Laboratory, number: int) -> Iterator[None]:
    """Submit them, while workers come and go."""
    client = laboratory.client
    with ThreadPoolExecutor(4) as pool:
        made = [pool.submit(client.submit, asked()) for _ in range(number)]
        yield
        assert len({one.result() for one in made}) == number


def _over(laboratory: Laboratory, number: int, seconds: float) -> bool:
    """Whether all have ended within a time."""
    client = laboratory.client

    def ended() -> bool:
        counts = client.status()
        return sum(counts[state] for state in FINAL) == number

    try:
        return wait_for(ended, timeout=seconds, what="the jobs to end")
    except WaitTimeout:
        return False


def _counted(folder: Path, number: int) -> str:
    """How often jobs were begun, by what is written down; raises `StackproofError` if one has not one end."""
    events, results, jobs = tables.events, tables.results, tables.jobs
    ends = select(events.c.job, func.count()).where(events.c.state.in_(FINAL)).group_by(events.c.job)
    told = select(results.c.job, func.count()).group_by(results.c.job)
    with Store.open(f"sqlite:///{folder}/jobs.sqlite") as store, store.reading() as connection:
        states = Counter(str(state) for (state,) in connection.execute(select(jobs.c.state)))
        wrong = [f"job {job} has {count} ends" for job, count in connection.execute(ends) if count != 1]
        wrong += [f"job {job} has {count} results" for job, count in connection.execute(told) if count != 1]
        ended, counted = len(connection.execute(ends).all()), len(connection.execute(told).all())
        again = connection.execute(select(func.count()).select_from(jobs).where(jobs.c.attempt > 1)).scalar()
    if (states, ended, counted) != (Counter({"passed": number}), number, number):
        wrong.append(f"of {number} jobs {ended} have an end and {counted} a result: {dict(states)}")
    if wrong:
        raise StackproofError("; ".join(wrong[:10]), hint="see the folder's logs")
    return f"{again} were begun more than once"


if __name__ == "__main__":
    sys.exit(main())
