"""The schedule of a lane: each request at its instant, whatever became of those before it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from pytest_upgrade.observers import clock
from pytest_upgrade.observers.breaker import Breaker
from pytest_upgrade.observers.lane import Lane
from pytest_upgrade.observers.result import Result
from pytest_upgrade.observers.sample import Gap, Sample

Record = Callable[[Sample | Gap], None]


class Asks(Protocol):
    """Sends the requests of a lane."""

    lane: Lane
    number: int

    async def ask(self, slot: int, due: int) -> Sample:
        """Send that of a slot; whatever happens becomes a sample."""


@dataclass
class Prober:
    """Slot ``k`` is due at ``begin + k * period``, in nanoseconds of `clock`; a slot that cannot be used is told."""

    asking: Asks
    begin: int
    record: Record
    breaker: Breaker
    _under_way: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self, ending: asyncio.Event) -> None:
        """Keep to the schedule until ``ending``; then what is under way has its time to end."""
        slot = 0
        while not await self._due(slot, ending):
            slot = self._skip_missed(slot)
            if self.breaker.spares(slot):
                self.record(Gap(self.asking.number, slot, slot, "breaker"))
            elif len(self._under_way) >= self.asking.lane.most_in_flight:
                self.record(Sample(self.asking.number, slot, 0, 0, Result.SHED))
            else:
                task = asyncio.create_task(self._one(slot))
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)
            slot += 1
        if self._under_way:
            await asyncio.wait(self._under_way)

    @property
    def _period(self) -> int:
        return int(self.asking.lane.period * clock.SECOND)

    async def _due(self, slot: int, ending: asyncio.Event) -> bool:
        """Wait for the instant of a slot; true if the end comes first."""
        wait = (self.begin + slot * self._period - clock.now()) / clock.SECOND
        if wait <= 0:
            await asyncio.sleep(0)
            return ending.is_set()
        try:
            async with asyncio.timeout(wait):
                return await ending.wait()
        except TimeoutError:
            return False

    def _skip_missed(self, slot: int) -> int:
        """The slot whose time it is: those whose whole time went by without us were seen by nobody."""
        missed = (clock.now() - self.begin - slot * self._period) // self._period
        if missed > 0:
            self.record(Gap(self.asking.number, slot, slot + missed - 1, "blind"))
        return slot + max(missed, 0)

    async def _one(self, slot: int) -> None:
        due = self.begin + slot * self._period
        sample = await self.asking.ask(slot, due)
        self.record(sample)
        self.breaker.saw(due, sample)
