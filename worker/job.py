"""A job as the monitor knows it, and what belongs to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_whitebox.core.errors import StackproofError

from .payload import Payload
from .states import State


class Conflict(StackproofError):
    """What a worker says of a job that is not, or no longer, its own."""


class UnknownJob(StackproofError):
    """There is no such job."""

    def __init__(self, job: str) -> None:
        super().__init__(f"there is no job {job}", hint="see the list of jobs")


@dataclass(frozen=True, slots=True)
class Job:
    """``began`` is when its worker got it, 0 before that; ``done`` of ``total`` tests have ended.

    ``counts`` are those of each outcome once all have. ``stop`` says why the run is to end: cancelled, or deadline;
    ``deaths`` counts the workers that were lost with it.
    """

    id: str
    payload: Payload
    submitter: str
    state: State
    created: float
    began: float
    changed: float
    attempt: int = 0
    deaths: int = 0
    worker: str = ""
    lease_until: float = 0.0
    stop: str = ""
    done: int = 0
    total: int = 0
    sentence: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Job:
        """Of a row of the store."""
        own = {name: row[name] for name in cls.__slots__ if name not in ("payload", "state")}
        return cls(**own, payload=Payload.from_mapping(json.loads(row["payload"])), state=State(row["state"]))

    @property
    def public(self) -> dict[str, Any]:
        """What the submitter is told; the payload has no secrets."""
        return {
            "test_id": self.id, "state": str(self.state), "payload": self.payload.mapping, "submitter": self.submitter,
            "created": self.created, "began": self.began, "changed": self.changed,
            "attempt": self.attempt, "worker": self.worker,
            "done": self.done, "total": self.total, "sentence": self.sentence, "counts": dict(self.counts),
            "stop": self.stop,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Claim:
    """That a worker has a job: the lease, which it shows with each report, and for how many ``seconds`` it holds."""

    lease: str = field(repr=False)
    attempt: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a test."""

    test: str
    uuid: str = ""
    outcome: str = "passed"
    seconds: float = 0.0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """That a job came to be in a state."""

    at: float
    attempt: int
    state: str
    worker: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a callback is to be told."""

    id: int
    job: str
    url: str
    body: str
    tries: int
