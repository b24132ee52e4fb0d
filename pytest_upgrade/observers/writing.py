"""The requests of a lane that writes: one made at its instant, all that follows from it in its own time."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field

from pytest_upgrade.observers import clock
from pytest_upgrade.observers.asking import Asking
from pytest_upgrade.observers.canary import beside, filled
from pytest_upgrade.observers.connection import Answer
from pytest_upgrade.observers.cycle import Cycle, Pace
from pytest_upgrade.observers.entry import Entry, Word
from pytest_upgrade.observers.lane import Lane
from pytest_upgrade.observers.login import Token
from pytest_upgrade.observers.sample import Sample


@dataclass
class Writing:
    """``prefix`` is how the names of all begin that it makes; nothing is ever asked for twice under one name."""

    lane: Lane
    number: int
    token: Token
    prefix: str
    record: Callable[[Entry], None]
    ending: asyncio.Event
    tls: ssl.SSLContext | None = None
    pace: Pace = field(default_factory=Pace)
    #: Nanoseconds that all of its requests have taken together.
    spent: int = 0
    _following: dict[asyncio.Task[None], Cycle] = field(default_factory=dict)
    _prepared: bool = False

    def is_full(self) -> bool:
        """True while so many things wait for their ends that no other should be made."""
        return self.lane.canary is not None and len(self._following) >= self.lane.canary.most

    async def ask(self, slot: int, due: int) -> Sample:
        """Ask for the thing of a slot, and have it followed to its end; whatever happens becomes a sample."""
        return (await self.asked(slot, due))[0]

    async def asked(self, slot: int, due: int) -> tuple[Sample, Answer | None]:
        """The same, and the answer as far as one came."""
        if self.lane.canary is not None and self.lane.canary.beside and not self._prepared:
            sample, answer = await self._exchanged(beside(self.lane), slot, due)
            if sample.result.failed:
                return sample, answer
            self._prepared = True
        name = f"{self.prefix}-{slot}"
        lane = filled(self.lane, NAME=name)
        cycle = Cycle(lane, self.number, slot, name, self._sent, self.record, self.pace, self.ending)
        sent = clock.now()
        sample, answer = await self._exchanged(lane, slot, due)
        word = cycle.answer("make", 0, sent, lane, sample)
        if word is not Word.UNSENT:
            task = asyncio.create_task(cycle.follow(word))
            self._following[task] = cycle
            task.add_done_callback(lambda done: self._following.pop(done, None))
        return sample, answer

    async def finish(self, grace: float) -> None:
        """Give what is on its way these seconds to come to its end."""
        if self._following:
            _, late = await asyncio.wait(list(self._following), timeout=grace)
            for task in late:
                self._following[task].give_up()
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _sent(self, lane: Lane) -> tuple[Sample, Answer | None]:
        return await self._exchanged(lane, 0, clock.now())

    async def _exchanged(self, lane: Lane, slot: int, due: int) -> tuple[Sample, Answer | None]:
        began = clock.now()
        try:
            return await Asking(lane, self.number, self.token, self.tls).exchanged(slot, due)
        finally:
            self.spent += clock.now() - began
