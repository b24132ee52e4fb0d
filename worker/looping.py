"""Something that is done again and again in a thread, until it is told to end."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Thread

from pytest_whitebox.core.errors import StackproofError

_LOG = logging.getLogger("worker")


class Looping:
    """Calls ``turn`` every ``pace`` seconds, or at once when woken; an error is logged, and the next turn comes.

    >>> turns = Event()
    >>> with Looping("example", turns.set, pace=60):
    ...     turns.wait(10)
    True
    """

    def __init__(self, name: str, turn: Callable[[], object], pace: float) -> None:
        self.turn, self.pace = turn, pace
        self._wake, self._ended = Event(), Event()
        self._thread = Thread(target=self._run, name=name)

    def wake(self) -> None:
        """Have the next turn come now."""
        self._wake.set()

    def __enter__(self) -> Looping:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.is_set():
            self._wake.clear()
            try:
                self.turn()
            except StackproofError as error:
                _LOG.error("%s: %s", self._thread.name, error.sentence)
            except Exception:  # noqa: BLE001 -- whatever it is, the others must not starve of it
                _LOG.exception("%s goes on after an error of its own", self._thread.name)
            self._wake.wait(self.pace)
