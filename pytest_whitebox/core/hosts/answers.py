"""Answers that a service gives over the message queue: the first sign of life of a process that has just started."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import Thread


class Answers:
    """Asks one question at a time, beside whoever counts: it is answered only when the service has started.

    ``ask`` returns True for an answer; whatever it raises is none.

    >>> from pytest_whitebox.core.wait import wait_for
    >>> answers = Answers(lambda: True)
    >>> wait_for(lambda: answers.count() >= 2, timeout=10, every=0.01, what="two answers")
    True
    """

    def __init__(self, ask: Callable[[], bool]) -> None:
        self._ask = ask
        self._count = 0
        self._question: Thread | None = None

    def count(self) -> int:
        """How many answers there were so far; asks again if there is no question under way."""
        if self._question is None or not self._question.is_alive():
            self._question = Thread(target=self._put, daemon=True)
            self._question.start()
        return self._count

    def _put(self) -> None:
        # A cloud in which something restarts fails in many ways: none of them is an answer.
        with suppress(Exception):
            self._count += bool(self._ask())
