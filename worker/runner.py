"""What runs a job, as a worker sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Protocol

from .job import Result
from .payload import Payload
from .states import State


@dataclass(frozen=True, slots=True)
class End:
    """How a run has ended, and what became of its tests."""

    state: State
    sentence: str = ""
    results: Sequence[Result] = ()


@dataclass(frozen=True, slots=True)
class News:
    """How far a run is, the states that it came through since it was asked last, and what it printed."""

    state: State
    passed: tuple[State, ...]
    done: int
    total: int
    log: str


@dataclass
class Telling:
    """What a runner tells of while it runs; another thread has the news. At most ``most`` characters wait."""

    most: int = 256 * 1024
    stop: Event = field(default_factory=Event)
    _state: State = State.CLAIMED
    _passed: list[State] = field(default_factory=list)
    _done: int = 0
    _total: int = 0
    _log: list[str] = field(default_factory=list)
    _length: int = 0
    _lock: Lock = field(default_factory=Lock)

    def state(self, state: State) -> None:
        """The run is in another state now."""
        with self._lock:
            self._passed.append(self._state)
            self._state = state

    def progress(self, done: int, total: int) -> None:
        """So many tests have ended."""
        with self._lock:
            self._done, self._total = done, total

    def log(self, text: str) -> None:
        """The run printed something; what is too much to wait is left out."""
        with self._lock:
            if self._length + len(text) <= self.most:
                self._log.append(text)
                self._length += len(text)

    def news(self) -> News:
        """All that was told, the log only once."""
        with self._lock:
            text, self._log, self._length = "".join(self._log), [], 0
            passed, self._passed = tuple(self._passed), []
            return News(self._state, passed, self._done, self._total, text)


class Runner(Protocol):
    """Runs one job at a time, or several in as many threads."""

    def run(self, job: str, payload: Payload, telling: Telling) -> End:
        """Run it to its end; soon after ``telling.stop`` is set it has ended, and left nothing behind."""
