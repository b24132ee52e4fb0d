"""Results on their way to Refstack: tried again while that may help."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from pytest_whitebox.core import refstack
from pytest_whitebox.core.errors import StackproofError

#: Seconds between one try and the next.
PAUSES = (1, 4, 15, 60)
#: Seconds after which no other try begins, and those after which all is given up: one try may take a minute.
LAST_TRY, PATIENCE = 90, 150


def send(
    url: str,
    body: bytes,
    key: Path | None,
    pause: Callable[[float], object],
    pauses: Sequence[float] = PAUSES,
    clock: Callable[[], float] = time.monotonic,
) -> str:
    """Send them and return where they are to be seen.

    ``pause`` waits so many seconds, and returns something true to give up. Raises `StackproofError` with what the
    server said last.
    """
    headers = refstack.signature(body, key) if key else {}
    began = clock()
    for seconds in (*pauses, None):
        try:
            done = refstack.upload(url, body, headers)
            return done.url or f"{url.rstrip('/')}/v1/results/{done.id}"
        except refstack.Unavailable as error:
            if seconds is None or clock() - began + seconds > LAST_TRY or pause(seconds):
                raise StackproofError(str(error), hint=error.hint) from None
    raise AssertionError
