"""Faults injected one after the other under the eyes of an observer, and what it has made of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_upgrade.observers import outside
from pytest_upgrade.observers.assignment import Assignment
from pytest_upgrade.observers.lane import Lane
from pytest_upgrade.selftest.proxy import Fault, Proxy
from pytest_upgrade.verdicts.outages import TOGETHER, Outage, outages
from pytest_upgrade.verdicts.samples import Samples
from pytest_upgrade.verdicts.series import Series

PERIOD = 0.2
#: Nothing may be found in this time before the first fault, and nothing of one fault may reach into the next.
QUIET, APART = 20.0, TOGETHER + 2 * PERIOD
#: The seconds of each fault, in their order.
FAULTS: tuple[tuple[Fault, float], ...] = (
    (Fault.OUTAGE, 0.3), (Fault.OUTAGE, 1.0), (Fault.OUTAGE, 10.0), (Fault.BACKEND, 3.0), (Fault.RESET, 2.0),
    (Fault.ERROR, 2.0), (Fault.TRUNCATED, 2.0), (Fault.SLOW, 5.0), (Fault.HUNG, 2.0),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Injected:
    """A fault and when it was in force; times since 1970."""

    fault: Fault
    begin: float
    end: float

    @property
    def seconds(self) -> float:
        """How long."""
        return self.end - self.begin


@dataclass(frozen=True)
class Trial:
    """What was done, and what each lane has seen."""

    injected: tuple[Injected, ...]
    series: tuple[Series, ...]
    priority: str
    begin: float

    def seen(self, fault: Injected, lane: Series) -> list[Outage]:
        """The outages of a lane that belong to a fault."""
        near = fault.begin - 2 * PERIOD, fault.end + 2 * PERIOD
        return [one for one in outages(lane.eventful) if near[0] <= one.begin <= near[1]]

    def invented(self, lane: Series) -> list[Outage]:
        """The outages of a lane that nobody has made."""
        known = {one for fault in self.injected for one in self.seen(fault, lane)}
        return [one for one in outages(lane.eventful) if one not in known]


async def run(
    folder: Path, faults: Sequence[tuple[Fault, float]] = FAULTS, *, quiet: float = QUIET,
    say: Callable[[str], None] = lambda _: None,
) -> Trial:  # fmt: skip
    """Observe our own server and inject the faults; the observer is the same process that observes a cloud."""
    proxy = Proxy()
    await proxy.start()
    lanes = tuple(
        Lane("selftest", "GET", "/", f"http://127.0.0.1:{proxy.port}/", connection, PERIOD, contains="versions")
        for connection in ("new", "reused")
    )
    longest = quiet + sum(seconds + APART for _, seconds in faults) + 60
    await asyncio.to_thread(outside.start, Assignment(folder, lanes, longest=longest))
    begin = time.time()
    try:
        say(f"{quiet:g} s without a fault")
        await asyncio.sleep(quiet)
        injected = [await _inject(proxy, fault, seconds, say) for fault, seconds in faults]
    finally:
        await asyncio.to_thread(outside.stop, folder)
        await proxy.stop()
    samples = Samples(folder)
    return Trial(tuple(injected), tuple(samples.series()), samples.lives()[-1].priority, begin)


async def _inject(proxy: Proxy, fault: Fault, seconds: float, say: Callable[[str], None]) -> Injected:
    say(f"{fault} for {seconds:g} s")
    await proxy.set(fault)
    begin = time.time()
    await asyncio.sleep(seconds)
    await proxy.set(Fault.NONE)
    end = time.time()
    await asyncio.sleep(APART)
    return Injected(fault, begin, end)
