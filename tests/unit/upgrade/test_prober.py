"""The schedule of a lane: each slot is told, whatever becomes of the requests before it."""

from __future__ import annotations

import asyncio

from pytest_upgrade.observers import clock
from pytest_upgrade.observers.breaker import Heartbeat
from pytest_upgrade.observers.lane import Lane
from pytest_upgrade.observers.prober import Prober
from pytest_upgrade.observers.result import Result
from pytest_upgrade.observers.sample import Gap, Sample

LANE = Lane("compute", "GET", "/", "http://10.0.0.1/", "new", period=0.01, timeout=0.02)


class Silent:
    """A service that answers nothing until it is let."""

    def __init__(self) -> None:
        self.lane, self.number, self.let, self.asked = LANE, 1, asyncio.Event(), list[int]()

    async def ask(self, slot: int, due: int) -> Sample:
        self.asked.append(slot)
        await self.let.wait()
        return Sample(self.number, slot, 0, 0, Result.TIMEOUT)


def test_a_slot_for_which_too_many_wait_already_is_shed_and_told_as_a_failure() -> None:
    recorded: list[Sample | Gap] = []

    async def observed() -> list[int]:
        service, ending = Silent(), asyncio.Event()

        def record(one: Sample | Gap) -> None:
            recorded.append(one)
            if sum(isinstance(one, Sample) for one in recorded) == 3:
                ending.set()
                service.let.set()

        async with asyncio.timeout(20):
            await Prober(service, clock.now(), record, Heartbeat(LANE.period)).run(ending)
        return service.asked

    asked = asyncio.run(observed())
    assert len(asked) == LANE.most_in_flight == 4
    samples = [one for one in recorded if isinstance(one, Sample)]
    assert [one.result for one in samples[:3]] == [Result.SHED] * 3
    assert all(one.result.failed for one in samples)
    gaps = {slot for one in recorded if isinstance(one, Gap) for slot in range(one.first, one.last + 1)}
    seen = {one.slot for one in samples}
    assert seen | gaps == set(range(max(seen) + 1))
