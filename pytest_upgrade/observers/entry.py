"""What the ledger of writes has: the answer to each request, and the end that it came to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from pytest_upgrade.observers.lane import Lane
from pytest_upgrade.observers.sample import Sample

Verb = Literal["make", "remove"]
#: The first status of a refusal, that of a failure, and those of a balancer that has had no answer itself.
_REFUSED, _FAILED, _NO_ANSWER = 400, 500, (502, 504)


class Word(StrEnum):
    """An answer, or an end; stored, and so never given another meaning."""

    ACCEPTED = "accepted"
    #: 4xx: the service will not.
    REJECTED = "rejected"
    #: 5xx: the service could not.
    FAILED = "failed"
    #: It was sent, and nobody has answered: it may have been carried out.
    UNKNOWN = "unknown"
    #: It was never sent, for there was no connection.
    UNSENT = "unsent"

    #: The end of a thing to be made: it is there and can be used.
    THERE = "there"
    #: It is not there, and was never promised.
    ABSENT = "absent"
    #: There are several of its name.
    DUPLICATE = "duplicate"
    #: It is there, and the answer was that it would not be.
    UNTOLD = "untold"
    #: It was promised, and is not there.
    VANISHED = "vanished"
    #: It is there, and what it says or holds is not what was sent.
    ERROR = "error"
    #: It has not come to its end in all the time that it had.
    STUCK = "stuck"
    #: The end of a thing to be taken away: it is not there any more.
    GONE = "gone"
    #: It is still there, though it was promised that it would go.
    UNDEAD = "undead"
    #: Nobody could tell in all the time that there was.
    LEFT = "left"


#: What comes back at once, and what is looked up later; the order is that of `Word`.
ANSWERS = frozenset({Word.ACCEPTED, Word.REJECTED, Word.FAILED, Word.UNKNOWN, Word.UNSENT})


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: of slot ``slot`` of a lane, the ``turn``th request of a verb, sent and told at instants of `clock`."""

    lane: int
    slot: int
    verb: Verb
    turn: int
    word: Word
    sent: int
    at: int
    name: str = ""
    request_id: str = ""
    text: str = ""


def answered(lane: Lane, sample: Sample) -> Word:
    """What a request of a lane was answered, by its sample.

    >>> from pytest_upgrade.observers.result import Result
    >>> lane = Lane("image", "POST", "/images", "http://a/", "new", 10, (201,))
    >>> timeout = Sample(1, 0, 0, 0, Result.TIMEOUT)
    >>> answered(lane, timeout), answered(lane, Sample(1, 0, 0, 0, Result.TIMEOUT, address="10.0.0.1"))
    (<Word.UNSENT: 'unsent'>, <Word.UNKNOWN: 'unknown'>)
    """
    if sample.status in lane.statuses:
        return Word.ACCEPTED
    if not sample.status or sample.status in _NO_ANSWER:
        return Word.UNKNOWN if sample.address else Word.UNSENT
    if sample.status >= _FAILED:
        return Word.FAILED
    return Word.REJECTED if sample.status >= _REFUSED else Word.UNKNOWN
