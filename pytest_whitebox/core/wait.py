"""Waiting for a condition: every wait has a deadline and says what it saw last."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from pytest_whitebox.core.errors import StackproofError

T = TypeVar("T")


class WaitTimeout(StackproofError):
    """A condition did not come true before its deadline."""


def wait_for(
    condition: Callable[[], T | None],
    *,
    timeout: float,
    what: str,
    every: float = 0.2,
    hint: str = "look at the log of what should have happened",
    ignore: tuple[type[Exception], ...] = (),
) -> T:
    """Return the first true value of ``condition()``; raise `WaitTimeout` after ``timeout`` seconds.

    ``what`` completes the sentence "waited for …". Exceptions listed in ``ignore`` count as "not yet" and
    are shown as what was seen last.

    >>> wait_for(lambda: 42, timeout=1, what="the answer")
    42
    """
    deadline = time.monotonic() + timeout
    while True:
        try:
            seen: object = (value := condition())
            if value:
                return value
        except ignore as error:
            seen = error
        if time.monotonic() >= deadline:
            raise WaitTimeout(f"waited {timeout:g} s for {what}, last saw {seen!r}", hint=hint)
        time.sleep(min(every, max(0.0, deadline - time.monotonic())))
