"""Each lane that writes is tried once before it observes: whether user and quotas let it, and it goes away again."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Container
from dataclasses import replace

from pytest_upgrade.observers import clock
from pytest_upgrade.observers.assignment import Assignment
from pytest_upgrade.observers.connection import Answer
from pytest_upgrade.observers.cycle import PATIENT
from pytest_upgrade.observers.entry import Entry, Word
from pytest_upgrade.observers.lane import Lane
from pytest_upgrade.observers.login import Token
from pytest_upgrade.observers.result import Result
from pytest_upgrade.observers.writing import Writing

#: Seconds for an answer: whether a service is in time is not asked here.
_TIMEOUT = 30.0
#: The first status of a refusal, which a quota may be as well, and of a failure; 429 is none that lasts.
_REFUSED, _FAILED, _TOO_MANY = 400, 500, 429


async def tried(assignment: Assignment, token: Token, not_ours: Container[Result]) -> dict[int, str]:
    """The lanes that write and are not for this user or this cloud, by their numbers, and why; what was made is gone.

    ``not_ours`` are the results of such a lane; a service that is away for now is observed all the same.
    """
    canaries = [(number, lane) for number, lane in enumerate(assignment.lanes) if lane.canary is not None]
    said = await asyncio.gather(*(_one(assignment, number, lane, token, not_ours) for number, lane in canaries))
    return {number: why for (number, _), why in zip(canaries, said, strict=True) if why}


async def _one(assignment: Assignment, number: int, lane: Lane, token: Token, not_ours: Container[Result]) -> str:
    entries: list[Entry] = []
    prefix = f"{assignment.prefix}-canary-try-{uuid.uuid4().hex[:6]}"
    lane = replace(lane, connect_timeout=_TIMEOUT, timeout=_TIMEOUT)
    writing = Writing(lane, number, token, prefix, entries.append, asyncio.Event(), assignment.tls, PATIENT)
    sample, answer = await writing.asked(0, clock.now())
    status = answer.status if answer else 0
    accepted = status in lane.statuses
    await writing.finish(2 * PATIENT.budget if accepted else 0)
    refused = _REFUSED <= status < _FAILED and status != _TOO_MANY
    if refused or sample.result in not_ours:
        return f"{sample.text}{_words(answer) if answer else ''}"
    words = [one.word for one in entries if one.word not in (Word.ACCEPTED, Word.THERE)]
    if not accepted or words == [Word.GONE]:
        return ""
    return f"what it makes does not come and go as it should: {words[0] if words else 'it stays'}"


def _words(answer: Answer) -> str:
    """What a service says of a refusal, if it says it as OpenStack's do."""
    try:
        told = json.loads(answer.body)
        told = told.get("error") or told.get("NeutronError") or next(iter(told.values()))
        return f": {told['message'] if isinstance(told, dict) else told}"
    except (ValueError, AttributeError, KeyError, StopIteration):
        return ""
