"""The schedule of a lane: each slot is told, whatever becomes of the requests before it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from pytest_upgrade.observers import clock
from pytest_upgrade.observers.breaker import Breaker, Heartbeat
from pytest_upgrade.observers.lane import Lane
from pytest_upgrade.observers.prober import Prober
from pytest_upgrade.observers.result import Result
from pytest_upgrade.observers.sample import Gap, Sample

LANE = Lane("compute", "GET", "/", "http://10.0.0.1/", "new", period=0.01, timeout=0.02)
PERIOD = int(LANE.period * clock.SECOND)


class Silent:
    """A service that answers nothing until it is let."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.lane, self.number, self.let, self.seconds = LANE, 1, asyncio.Event(), seconds
        self.asked: list[int] = []
        #: When it was asked, by `clock`.
        self.at: list[int] = []

    async def ask(self, slot: int, due: int) -> Sample:
        self.asked.append(slot)
        self.at.append(clock.now())
        await self.let.wait()
        # It takes its time even then.
        await asyncio.sleep(self.seconds)
        return Sample(self.number, slot, 0, 0, Result.TIMEOUT)


@dataclass
class Every:
    """A breaker that uses one slot of so many, and remembers what it was told."""

    number: int
    seen: list[tuple[int, int]] = field(default_factory=list)

    def spares(self, slot: int) -> bool:
        return slot % self.number != 0

    def saw(self, due: int, sample: Sample) -> None:
        self.seen.append((due, sample.slot))


def observed(service: Silent, begin: int, breaker: Breaker, until: int) -> list[Sample | Gap]:
    """What is recorded of a schedule until so much is."""
    recorded: list[Sample | Gap] = []

    async def run() -> None:
        ending = asyncio.Event()

        def record(one: Sample | Gap) -> None:
            recorded.append(one)
            if len(recorded) >= until:
                ending.set()

        async with asyncio.timeout(20):
            await Prober(service, begin, record, breaker).run(ending)

    service.let.set()
    asyncio.run(run())
    return recorded


def test_slots_that_went_by_before_anybody_looked_are_blind_and_the_one_whose_time_it_is_is_asked() -> None:
    service, before = Silent(), clock.now()
    first, *_ = observed(service, before - int(10.5 * PERIOD), Every(1), 3)
    # A busy machine may have let more of them go by.
    assert isinstance(first, Gap)
    assert (first.first, first.why) == (0, "blind")
    assert first.last >= 9
    assert service.asked[0] == first.last + 1


def test_a_schedule_is_kept_from_its_first_instant_and_no_slot_is_asked_before_its_time() -> None:
    service, begin, breaker = Silent(), clock.now() + 5 * PERIOD, Every(1)
    recorded = observed(service, begin, breaker, 4)
    assert len(service.asked) >= 1
    assert all(at >= begin + slot * PERIOD for slot, at in zip(service.asked, service.at, strict=True))
    assert breaker.seen == [(begin + slot * PERIOD, slot) for _, slot in breaker.seen]
    assert len(breaker.seen) == len(service.asked)
    # Each slot is asked or, on a busy machine, told to be blind; none twice.
    told = [range(one.first, one.last + 1) if isinstance(one, Gap) else [one.slot] for one in recorded]
    assert all(len(slots) for slots in told)
    assert sorted(slot for slots in told for slot in slots) == list(range(sum(map(len, told))))


def test_slots_that_a_breaker_spares_are_told_and_not_asked() -> None:
    service = Silent()
    recorded = observed(service, clock.now(), Every(3), 9)
    spared = [one for one in recorded if isinstance(one, Gap) and one.why == "breaker"]
    assert spared
    assert all(one.first == one.last and one.first % 3 for one in spared)
    assert not {one.first for one in spared} & set(service.asked)
    assert all(slot % 3 == 0 for slot in service.asked)


def test_a_schedule_on_which_nothing_is_asked_ends_as_well() -> None:
    service = Silent()
    recorded = observed(service, clock.now() + PERIOD, Every(10_000_000), 2)
    assert all(isinstance(one, Gap) or one.slot == 0 for one in recorded)
    assert service.asked in ([], [0])


def test_a_slot_for_which_too_many_wait_already_is_shed_and_told_as_a_failure() -> None:
    recorded: list[Sample | Gap] = []

    async def run() -> list[int]:
        service, ending = Silent(10 * LANE.period), asyncio.Event()

        def record(one: Sample | Gap) -> None:
            recorded.append(one)
            if sum(isinstance(one, Sample) for one in recorded) == 3:
                ending.set()
                service.let.set()

        async with asyncio.timeout(20):
            await Prober(service, clock.now(), record, Heartbeat(LANE.period)).run(ending)
        return service.asked

    asked = asyncio.run(run())
    assert len(asked) == LANE.most_in_flight == 4
    samples = [one for one in recorded if isinstance(one, Sample)]
    assert [one.result for one in samples[:3]] == [Result.SHED] * 3
    # What was under way when it was to end has had its time.
    assert sorted(one.slot for one in samples[3:]) == asked
    assert {one.result for one in samples[3:]} == {Result.TIMEOUT}
    gaps = {slot for one in recorded if isinstance(one, Gap) for slot in range(one.first, one.last + 1)}
    seen = {one.slot for one in samples}
    assert seen | gaps == set(range(max(seen) + 1))
