"""How fast a cloud is asked: so many requests a second and no more, whoever asks."""

from __future__ import annotations

import time
from threading import Condition


class Pace:
    """Requests of all threads in a row, ``rate`` a second; 0 lets them all through at once.

    >>> pace = Pace(0)
    >>> pace.take()
    """

    def __init__(self, rate: float) -> None:
        self._every = 1 / rate if rate else 0.0
        self._next = 0.0
        self._turn = Condition()

    def take(self) -> None:
        """Return when the next request may be sent."""
        if not self._every:
            return
        with self._turn:
            due = max(self._next, time.monotonic())
            self._next = due + self._every
            self._turn.wait_for(lambda: time.monotonic() >= due, timeout=max(0.0, due - time.monotonic()))
