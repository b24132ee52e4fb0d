"""What observing costs and how true it is: on a busy machine, through outages, and for four hours of samples."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from pytest_upgrade.observers import catalog, clock, outside
from pytest_upgrade.observers.assignment import Assignment
from pytest_upgrade.observers.lane import Lane
from pytest_upgrade.observers.notebook import Notebook
from pytest_upgrade.observers.observing import SAMPLES
from pytest_upgrade.observers.result import Result
from pytest_upgrade.observers.sample import Sample
from pytest_upgrade.selftest.proxy import Fault, Proxy
from pytest_upgrade.selftest.trial import PERIOD
from pytest_upgrade.selftest.trial import run as trial
from pytest_upgrade.verdicts import page
from pytest_upgrade.verdicts.judging import Case, verdicts
from pytest_upgrade.verdicts.picture import picture
from pytest_upgrade.verdicts.quantiles import quantile
from pytest_upgrade.verdicts.samples import Samples
from tests.benchmarks.figure import Figure

_BUSY, _IDLE, _HOURS, _TRIALS = 60.0, 3600.0, 4, 100
_ENDPOINTS = {
    "identity": "/v3", "compute": "/v2.1", "block-storage": "/v3/1f", "image": "", "network": "",
    "object-store": "/v1/AUTH_1", "placement": "",
}  # fmt: skip


def figures() -> Iterator[Figure]:
    """An hour and a half, on the loopback."""
    yield from _costs()
    yield from _truth()
    yield from _night()


def _lanes(url: str) -> tuple[Lane, ...]:
    """The lanes of all seven services, at one server that has the same answer for each."""
    found = [lane for service, path in _ENDPOINTS.items() for lane in catalog.lanes(service, f"{url}{path}")]
    return tuple(replace(lane, url=f"{url}/", statuses=(200,), contains="") for lane in found)


def _costs() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as name:
        seconds, memory = asyncio.run(_busy(Path(name)))
        late = [late for lane in Samples(Path(name)).series() for late in lane.late]
    note = f"{_BUSY:.0f} s, about 80 requests a second, both cores busy"
    yield Figure("the observer, of one core", "%", (100 * seconds / _BUSY,), 8, note)
    yield Figure("the observer's memory", "MB", (memory,), 120, note)
    yield Figure("start jitter, p99", "ms", (1000 * quantile(late, 0.99),), 5, note)


async def _busy(folder: Path) -> tuple[float, float]:
    """Processor seconds and megabytes of an observer while others want the processor as well."""
    proxy = Proxy()
    await proxy.start()
    pid = await asyncio.to_thread(
        outside.start, Assignment(folder, _lanes(f"http://127.0.0.1:{proxy.port}"), longest=_BUSY + 60)
    )
    try:
        with _others():
            before = _seconds(pid)
            await asyncio.sleep(_BUSY)
            return _seconds(pid) - before, _megabytes(pid)
    finally:
        await asyncio.to_thread(outside.stop, folder)
        await proxy.stop()


@contextmanager
def _others() -> Iterator[None]:
    """A process for each core that computes all the time, and ends by itself should we die."""
    code = f"import time\nend = time.monotonic() + {_BUSY + 30}\nwhile time.monotonic() < end: sum(range(10000))"
    busy = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for one in busy:
            one.terminate()
            one.wait()


def _seconds(pid: int) -> float:
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def _megabytes(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith("VmHWM"))


def _truth() -> Iterator[Figure]:
    chance = random.Random(7)
    faults = [(Fault.OUTAGE, chance.uniform(2 * PERIOD, 3.0)) for _ in range(_TRIALS)]
    with tempfile.TemporaryDirectory() as name:
        made = asyncio.run(trial(Path(name), faults, quiet=_IDLE))
    missed = wrong = 0
    for fault in made.injected:
        for lane in made.series:
            found = made.seen(fault, lane)
            missed += not found
            off = [max(abs(one.begin - fault.begin), abs(one.seconds - fault.seconds)) for one in found]
            wrong += any(one > PERIOD for one in off)
    invented = sum(len(made.invented(lane)) for lane in made.series)
    note = f"{_TRIALS} outages of 0.4 to 3 s, two lanes each"
    yield Figure("outages that were not found", "", (float(missed),), 0, note)
    yield Figure("start or length more than a slot wrong", "%", (100 * wrong / (2 * _TRIALS),), 1, note)
    yield Figure("outages that nobody had made", "", (float(invented),), 0, f"{_IDLE / 60:.0f} minutes without a fault")


def _night() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        count = _write(folder)
        size = (folder / SAMPLES).stat().st_size / 1e6
        began = time.perf_counter()
        samples = Samples(folder)
        series = samples.series()
        middle = (series[0].due[0] + series[0].due[-1]) / 2
        case = Case((middle, series[0].due[-1]), [], series)
        text = page.alone("000000", verdicts(case), picture(case, samples.failures()))
        taken = time.perf_counter() - began
    note = f"{count} samples of {_HOURS} hours"
    yield Figure("the file of samples", "MB", (size,), 80, note)
    yield Figure("verdicts and page from it", "s", (taken,), 10, note)
    yield Figure("the page", "MB", (len(text.encode()) / 1e6,), 6, note)


def _write(folder: Path) -> int:
    """Samples as an observer would have them, with a minute of outage in each lane."""
    notebook, chance = Notebook(folder / SAMPLES, "benchmark"), random.Random(3)
    begin, count = clock.now(), 0
    for lane in _lanes("http://127.0.0.1:1"):
        number = notebook.lane(lane, begin)
        for slot in range(int(_HOURS * 3600 / lane.period)):
            failed = 9000 <= slot * lane.period < 9060
            took = int(20_000 * chance.lognormvariate(0, 0.3))
            notebook.record(
                Sample(number, slot, 500, took, Result.REFUSED if failed else Result.OK, 0 if failed else 200,
                       lane.connection == "new", f"req-{chance.getrandbits(128):032x}", "127.0.0.1",
                       "connect: Connection refused" if failed else "")
            )  # fmt: skip
            count += 1
    notebook.close()
    return count
