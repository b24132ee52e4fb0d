"""What the store holds of a run, as values; each has the columns of its table as its fields."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass, field
from typing import Any, Literal

#: A thing is there, it is what it was, it can be used.
Level = Literal["exists", "intact", "usable"]
LEVELS: tuple[Level, ...] = ("exists", "intact", "usable")


@dataclass(frozen=True, slots=True)
class Run:
    """One upgrade that is tested. ``fingerprint`` is the cloud's own identity, empty until somebody has connected."""

    id: str
    name: str
    cloud: str
    host: str
    region: str
    fingerprint: str = ""
    release_from: str = ""
    release_to: str = ""
    began: float = field(default_factory=time.time)
    closed: float | None = None

    @property
    def prefix(self) -> str:
        """How the names of all begin that it makes in the cloud.

        >>> Run("3f9a1c", "20261121T073000Z-3f9a1c", "prod", "10.0.0.1", "north").prefix
        'pu-3f9a1c'
        """
        return f"pu-{self.id}"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One pytest process in one phase; ``ended`` is None while it runs, and for one that was killed."""

    phase: str
    began: float = field(default_factory=time.time)
    ended: float | None = None
    outcome: str = ""
    machine: str = field(default_factory=socket.gethostname)


@dataclass(frozen=True, slots=True)
class Event:
    """What the upgrade did: ``kind`` is begin, task or end; a step without a name is the upgrade itself."""

    step: str
    kind: Literal["begin", "task", "end"]
    service: str = ""
    host: str = ""
    at: float = field(default_factory=time.time)
    ok: bool | None = None
    text: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a test: passed, failed, error, skipped or inconclusive."""

    attempt: int
    phase: str
    test: str
    service: str
    tag: str
    outcome: str
    reason: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Kept:
    """A thing that outlives the upgrade: what it was asked to be, and what it was when it had been made."""

    kind: str
    name: str
    spec: dict[str, Any]
    state: dict[str, Any] = field(default_factory=dict)
    noted: float = field(default_factory=time.time)
    made: float | None = None
    gone: float | None = None

    def __str__(self) -> str:
        return f"{self.kind.replace('_', ' ')} {self.name!r}"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of a thing on one level; ``ok`` is None where it could not be judged."""

    phase: str
    kind: str
    name: str
    level: Level
    ok: bool | None
    text: str = ""
    at: float = field(default_factory=time.time)


@dataclass(frozen=True, slots=True)
class Baseline:
    """A value that a test saw before the upgrade."""

    test: str
    name: str
    value: Any
    at: float = field(default_factory=time.time)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A clue to the release of a service, with the releases of which it is true."""

    phase: str
    service: str
    host: str
    source: str
    said: str
    releases: list[str]
    at: float = field(default_factory=time.time)


@dataclass(frozen=True, slots=True)
class HealthSign:
    """A sign of health; ``ok`` is None where a check could not be made."""

    phase: str
    service: str
    host: str
    check: str
    ok: bool | None
    said: str
    at: float = field(default_factory=time.time)


@dataclass(frozen=True, slots=True)
class Piece:
    """One of the pieces in which a copy of the samples lies; ``at`` is when the copy was made, the same for all."""

    number: int
    data: bytes
    at: float = field(default_factory=time.time)


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file: the output of a step, the log of a test."""

    phase: str
    name: str
    media: str
    data: bytes
    at: float = field(default_factory=time.time)
