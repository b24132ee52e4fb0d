"""Thousands of jobs that do nothing, dozens of workers, and kills at random: each job comes to one end, and that once.

``python -m tests.acceptance.worker.swarm [--jobs 10000] [--workers 50] [--kind gear|gearmand]``; all on loopback.
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
from tests.wire.worker.laboratory import Laboratory, asked, running
from worker.states import FINAL
from worker.store import Store, tables

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
        """Have so many more."""
        self.workers += [self.laboratory.worker() for _ in range(number)]

    def lose_one(self) -> None:
        """Kill one, whatever it does, and have another."""
        victim = self.chance.randrange(len(self.workers))
        self.workers[victim].send_signal(signal.SIGKILL)
        self.workers[victim].wait()
        self.workers[victim] = self.laboratory.worker()
        self.killed += 1


def main(words: Sequence[str] | None = None) -> int:
    """Submit, kill, count; exit code 1 if a job has not come to exactly one end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=10_000, metavar="N", help="default %(default)s")
    parser.add_argument("--workers", type=int, default=50, metavar="N", help="processes (default %(default)s)")
    parser.add_argument("--every", type=float, default=2.0, metavar="SECONDS", help="one is killed (default 2)")
    parser.add_argument("--kind", choices=("gear", "gearmand"), default="gear", help="the Gearman server")
    parser.add_argument("--seed", type=int, default=random.randrange(10_000), help="of the kills (default: any)")
    options = parser.parse_args(words)
    print(f"{options.jobs} jobs, {options.workers} workers, {options.kind}, seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="swarm-") as folder:
        leases = ("--lease", str(_LEASE), "--deaths", str(_DEATHS))
        with running(Laboratory(Path(folder), options.kind, leases)) as laboratory:
            try:
                swarm, seconds = _through(laboratory, options)
            except StackproofError as error:
                print(f"swarm: {error.sentence}", file=sys.stderr)
                return 1
            wrong = list(_wrong(Path(folder), options.jobs))
    print(f"{options.jobs} jobs in {seconds:.0f} s, {swarm.killed} workers killed", flush=True)
    for line in wrong:
        print(f"NOT  {line}")
    return 1 if wrong or not swarm.killed else 0


def _through(laboratory: Laboratory, options: argparse.Namespace) -> tuple[Swarm, float]:
    swarm = Swarm(laboratory, random.Random(options.seed))
    swarm.grow(options.workers)
    began = time.monotonic()
    with _submitting(laboratory, options.jobs):
        deadline = began + _START + _EACH * options.jobs
        while not _over(laboratory, options.jobs, options.every):
            if time.monotonic() > deadline:
                raise StackproofError(f"jobs are {laboratory.client.status()} after all that time", hint="see the log")
            swarm.lose_one()
    return swarm, time.monotonic() - began


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


def _wrong(folder: Path, number: int) -> Iterator[str]:
    """What is not as it has to be, by what is written down."""
    events, results, jobs = tables.events, tables.results, tables.jobs
    ends = select(events.c.job, func.count()).where(events.c.state.in_(FINAL)).group_by(events.c.job)
    told = select(results.c.job, func.count()).group_by(results.c.job)
    with Store.open(f"sqlite:///{folder}/jobs.sqlite") as store, store.reading() as connection:
        states = Counter(state for (state,) in connection.execute(select(jobs.c.state)))
        yield from (f"job {job} has {count} ends" for job, count in connection.execute(ends) if count != 1)
        yield from (f"job {job} has {count} results" for job, count in connection.execute(told) if count != 1)
        ended, counted = len(connection.execute(ends).all()), len(connection.execute(told).all())
        again = connection.execute(select(func.count()).select_from(jobs).where(jobs.c.attempt > 1)).scalar()
    print(f"{dict(states)}, {again} of them were begun more than once", flush=True)
    if (states, ended, counted) != (Counter({"passed": number}), number, number):
        yield f"of {number} jobs {ended} have an end and {counted} a result: {dict(states)}"


if __name__ == "__main__":
    sys.exit(main())
