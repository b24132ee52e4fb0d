"""Breakers: a service that fails for long is left in peace, and its outage is measured all the same."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from pytest_upgrade.observers import clock
from pytest_upgrade.observers.sample import Sample, Trip

#: Seconds of nothing but failures after which a lane is slowed down, and the seconds between its requests then.
_PATIENCE, _HEARTBEAT = 30.0, 1.0
#: Writes stop after so many failures in a row, or when more than half of so many have failed.
_ROW, _LAST = 5, 20
#: Writes are tried again once no read of the service has failed for so many seconds.
_QUIET = 30.0


class Breaker(Protocol):
    """Says which slots of a lane are not used."""

    def spares(self, slot: int) -> bool:
        """True if this slot is one of those."""

    def saw(self, due: int, sample: Sample) -> None:
        """What became of another."""


@dataclass
class Pulse:
    """When a request that only reads last failed in a service, by `clock`."""

    failed: int = 0


@dataclass
class Heartbeat:
    """Of a lane that reads: after half a minute of failures it asks once a second, until that is answered."""

    period: float
    pulse: Pulse = field(default_factory=Pulse)
    _failing_since: int | None = None

    def spares(self, slot: int) -> bool:
        """All but one slot in a second, of a service that has failed for long."""
        if self._failing_since is None or clock.now() - self._failing_since < _PATIENCE * clock.SECOND:
            return False
        return slot % max(1, round(_HEARTBEAT / self.period)) != 0

    def saw(self, due: int, sample: Sample) -> None:
        """Remember since when it fails."""
        if not sample.result.failed:
            self._failing_since = None
            return
        self.pulse.failed = clock.now()
        if self._failing_since is None:
            self._failing_since = due


@dataclass
class Fuse:
    """Of a lane that writes: it opens after a series of errors, and has one tried when the service has come back."""

    lane: int
    pulse: Pulse
    record: Callable[[Trip], None]
    is_full: Callable[[], bool] = lambda: False
    quiet: float = _QUIET
    _row: int = 0
    _last: deque[bool] = field(default_factory=lambda: deque(maxlen=_LAST))
    _opened: int | None = None
    _trying: bool = False

    def spares(self, slot: int) -> bool:  # noqa: ARG002 -- it is for all or none
        """All slots while it is open; also while too much that was made before waits for its end."""
        if self._opened is None:
            return self.is_full()
        quiet_since = max(self._opened, self.pulse.failed)
        if self._trying or self.is_full() or clock.now() - quiet_since < self.quiet * clock.SECOND:
            return True
        self._trying = True
        return False

    def saw(self, due: int, sample: Sample) -> None:  # noqa: ARG002 -- now is what counts
        """Count it; the first that goes well after it has opened closes it."""
        failed, self._trying = sample.result.failed, False
        self._row = self._row + 1 if failed else 0
        self._last.append(failed)
        if self._opened is not None:
            if failed:
                self._opened = clock.now()
            else:
                self._opened = None
                self._last.clear()
                self.record(Trip(self.lane, clock.now(), False, "a write was answered well again"))
        elif self._row >= _ROW or (len(self._last) == _LAST and 2 * sum(self._last) > _LAST):
            self._opened = clock.now()
            why = f"{self._row} failures in a row" if self._row >= _ROW else f"{sum(self._last)} of {_LAST} failed"
            self.record(Trip(self.lane, clock.now(), True, f"{why}, the last: {sample.result.word}"))
