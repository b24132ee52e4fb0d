"""What observing costs a cloud: of each service, how much of one worker's time the lanes take."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median

from pytest_upgrade.observers import clock
from pytest_upgrade.observers.asking import Asking
from pytest_upgrade.observers.assignment import Assignment
from pytest_upgrade.observers.cycle import PATIENT
from pytest_upgrade.observers.entry import Entry
from pytest_upgrade.observers.lane import Lane
from pytest_upgrade.observers.login import Token
from pytest_upgrade.observers.writing import Writing

#: Requests of each lane that are measured, one after the other; of a canary one, with all that follows from it.
_TIMES = 5
_MICROSECOND = 1e-6


@dataclass(frozen=True, slots=True)
class Cost:
    """Of a lane: what is sent in a second, and the seconds that a service takes for it, of a canary for all of it.

    >>> Cost(Lane("image", "GET", "/", "http://a/", "new", period=0.25), seconds=0.02).share
    0.08
    """

    lane: Lane
    seconds: float

    @property
    def share(self) -> float:
        """How much of one worker's time: the rate times the seconds, so many requests are under way on average."""
        return self.seconds / self.lane.period


async def measure(assignment: Assignment, token: Token) -> list[Cost]:
    """The lanes of a cloud that is well, one after the other, so that none waits for another."""
    return [Cost(lane, await _seconds(assignment, lane, token)) for lane in assignment.lanes if lane.role != "control"]


def shares(costs: Iterable[Cost]) -> Mapping[str, float]:
    """What all lanes of a service take together, by its type."""
    found: dict[str, float] = {}
    for cost in costs:
        found[cost.lane.service] = found.get(cost.lane.service, 0.0) + cost.share
    return found


async def _seconds(assignment: Assignment, lane: Lane, token: Token) -> float:
    if lane.canary is not None:
        prefix = f"{assignment.prefix}-canary-cost-{uuid.uuid4().hex[:6]}"
        writing = Writing(lane, 0, token, prefix, _ignored, asyncio.Event(), assignment.tls, PATIENT)
        await writing.ask(0, clock.now())
        await writing.finish(2 * PATIENT.budget)
        return writing.spent / clock.SECOND
    asking = Asking(lane, 0, token, assignment.tls)
    return median([(await asking.ask(slot, clock.now())).took * _MICROSECOND for slot in range(_TIMES)])


def _ignored(entry: Entry) -> None:
    """What is measured is written down nowhere; a sweep finds what was left by its name."""
