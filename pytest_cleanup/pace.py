"""How fast a cloud is asked, whoever asks: so many requests a second, and so many at the same time."""

from __future__ import annotations

import time
from threading import Condition, Semaphore

#: Requests that are on their way at the same time.
AT_ONCE = 16


class Pace:
    """A request is sent ``with`` it, which waits for its turn; a rate of 0 is as fast as the cloud answers.

    >>> pace = Pace(rate=0, at_once=1)
    >>> with pace:
    ...     "sent"
    'sent'
    """

    def __init__(self, rate: float = 0, at_once: int = AT_ONCE) -> None:
        self.at_once = at_once
        self._every = 1 / rate if rate else 0.0
        self._next = 0.0
        self._turn, self._doors = Condition(), Semaphore(at_once)

    def __enter__(self) -> None:
        self._doors.acquire()
        if not self._every:
            return
        with self._turn:
            due = max(self._next, time.monotonic())
            self._next = due + self._every
            self._turn.wait_for(lambda: time.monotonic() >= due, timeout=max(0.0, due - time.monotonic()))

    def __exit__(self, *_: object) -> None:
        self._doors.release()
