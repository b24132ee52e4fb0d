"""What becomes of a thing that a canary has asked for: followed by its name until it is gone, whatever was answered."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pytest_upgrade.observers import clock
from pytest_upgrade.observers.canary import Canary, look, removal
from pytest_upgrade.observers.connection import Answer
from pytest_upgrade.observers.entry import Entry, Verb, Word, answered
from pytest_upgrade.observers.lane import Lane
from pytest_upgrade.observers.pause import Pause
from pytest_upgrade.observers.sample import Sample

#: Sends one request of a lane now.
Exchange = Callable[[Lane], Awaitable[tuple[Sample, Answer | None]]]
_ERROR = "error"


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: from the first to the longest pause between two looks at what is on its way, and between two tries of
    what fails; until what nobody has answered will not be carried out any more; for a thing to come to its end.
    """

    first: float = 0.5
    look: float = 4.0
    longest: float = 60.0
    settled: float = 30.0
    budget: float = 900.0


#: For a first thing to come and go, for which a host may have to fetch an image first: whether a service is in time is
#: not asked then.
PATIENT = Pace(budget=180.0)


class _Pauses:
    """Between two looks: short while what is looked for is on its way, ever longer while nobody tells."""

    def __init__(self, pace: Pace) -> None:
        self._told, self._untold = Pause(pace.first, pace.look), Pause(2 * pace.first, pace.longest)

    def after(self, rows: object | None) -> float:
        """The seconds after a look that had this answer, None for none."""
        if rows is None:
            return self._untold.next()
        self._untold.reset()
        return self._told.next()


@dataclass
class Cycle:
    """One thing; ``lane`` has its name already. What happens is told to ``record``."""

    lane: Lane
    number: int
    slot: int
    name: str
    exchange: Exchange
    record: Callable[[Entry], None]
    pace: Pace
    ending: asyncio.Event
    _verb: Verb = "make"
    _turn: int = 0
    _sent: int = 0

    def answer(self, verb: Verb, turn: int, sent: int, lane: Lane, sample: Sample) -> Word:
        """Write down what a request was answered."""
        self._verb, self._turn, self._sent = verb, turn, sent
        word = answered(lane, sample)
        self._tell(word, sample.text, sample.request_id)
        return word

    async def follow(self, word: Word) -> None:
        """From the answer to the request that made it, until it is gone."""
        for id in await self._made(word):
            await self._remove(id)

    def give_up(self) -> None:
        """Nobody will look any more."""
        self._tell(Word.LEFT, "the observer ended before it was known")

    async def _made(self, word: Word) -> list[str]:
        """Wait until it is known what became of the request; the ids of what there is now."""
        promised, seen = word is Word.ACCEPTED, list[str]()
        pauses = _Pauses(self.pace)
        while (left := self._left(self.pace.budget)) > 0:
            rows = await self._look()
            ids = [str(row["id"]) for row in rows or ()]
            seen = ids or seen
            if len(ids) > 1:
                return self._ends(Word.DUPLICATE, f"{len(ids)} of that name", ids)
            if ids and rows is not None:
                status = str(rows[0].get("status", "")).lower()
                if status.startswith(_ERROR) or rows[0].get("broken"):
                    return self._ends(Word.ERROR, str(rows[0].get("broken") or status), ids)
                if not self._canary.ready or status == self._canary.ready:
                    told = promised or word is Word.UNKNOWN
                    return self._ends(Word.THERE if told else Word.UNTOLD, "" if told else f"it was {word}", ids)
            elif rows is not None and self._left(self.pace.settled) <= 0:
                return self._ends(Word.VANISHED if promised else Word.ABSENT, "", [])
            await self._wait(min(pauses.after(rows), left))
        return self._ends(Word.STUCK if seen else Word.LEFT, f"after {self.pace.budget:g} s", seen)

    async def _remove(self, id: str) -> None:
        """Ask for it to be taken away, as often as that fails, until it is gone or the time is over."""
        request, pause = removal(self.lane, id), Pause(2 * self.pace.first, self.pace.longest)
        began, turn = clock.now(), 0
        while True:
            sent = clock.now()
            sample, _ = await self.exchange(request)
            word = self.answer("remove", turn, sent, request, sample)
            there = await self._until_gone(word, id)
            if there is False:
                self._tell(Word.GONE)
                return
            over = clock.now() - began > self.pace.budget * clock.SECOND
            if word is Word.ACCEPTED and there:
                self._tell(Word.UNDEAD)
            elif over:
                self._tell(Word.LEFT, "it is still there" if there else "nobody could tell whether it is gone")
            elif there:
                self._tell(Word.ABSENT)
            if over:
                return
            turn += 1
            await self._wait(pause.next())

    async def _until_gone(self, word: Word, id: str) -> bool | None:
        """False once it is gone, true if it stays, None if nobody could tell; what was not promised is seen to once."""
        patience = self.pace.budget if self._canary.ready else self.pace.settled
        pauses = _Pauses(self.pace)
        while True:
            rows = await self._look()
            there = None if rows is None else any(str(row["id"]) == id for row in rows)
            if there is False or (there and (word is not Word.ACCEPTED or self._left(patience) <= 0)):
                return there
            if self._left(self.pace.budget) <= 0:
                return there
            await self._wait(pauses.after(rows))

    async def _look(self) -> list[dict[str, Any]] | None:
        """The things of that name; None if the service does not tell."""
        sample, answer = await self.exchange(look(self.lane))
        if answer is None or sample.result.failed:
            return None
        try:
            found = self._canary.found(self.name, answer.status, answer.body)
        except ValueError:
            return None
        if found and self._canary.etag:
            sums = {
                hashlib.md5(text, usedforsecurity=False).hexdigest() for text in (self.lane.body.encode(), answer.body)
            }
            told = answer.headers.get(b"etag", b"").decode("ascii", "replace").strip('"')
            if sums != {told}:
                found[0]["broken"] = "it is not the content that was sent"
        return found

    @property
    def _canary(self) -> Canary:
        assert self.lane.canary is not None  # noqa: S101 -- of lanes with a canary only
        return self.lane.canary

    def _left(self, seconds: float) -> float:
        """What is left of the seconds since the request was sent."""
        return seconds - (clock.now() - self._sent) / clock.SECOND

    async def _wait(self, seconds: float) -> None:
        """A pause; a short one once the observer is to end."""
        if self.ending.is_set():
            await asyncio.sleep(min(seconds, self.pace.first))
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.ending.wait()

    def _ends(self, word: Word, text: str, ids: list[str]) -> list[str]:
        self._tell(word, text)
        return ids

    def _tell(self, word: Word, text: str = "", request_id: str = "") -> None:
        self.record(
            Entry(
                self.number,
                self.slot,
                self._verb,
                self._turn,
                word,
                self._sent,
                clock.now(),
                self.name,
                request_id,
                text,
            )
        )
