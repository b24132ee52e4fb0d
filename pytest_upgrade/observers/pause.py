"""Pauses that get longer, up to a longest."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Pause:
    """Seconds between two tries.

    >>> pause = Pause(1.0, 3.0)
    >>> pause.next(), pause.next(), pause.next()
    (1.0, 2.0, 3.0)
    """

    first: float
    longest: float
    _now: float = 0.0

    def next(self) -> float:
        """The seconds to wait now."""
        self._now = min(self._now * 2 or self.first, self.longest)
        return self._now

    def reset(self) -> None:
        """Begin again with the first."""
        self._now = 0.0
