"""Tests that change what others stand on run alone: a lock in the run directory, shared or exclusive."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from pytest_whitebox.core.wait import wait_for

_PATIENCE = 3600  # seconds: the others may have long tests


@contextmanager
def turn(file: Path, *, alone: bool) -> Iterator[None]:
    """Hold the lock: with nobody beside if ``alone``, else with all others who are not."""
    with file.open("w") as handle:
        wait_for(
            lambda: _locked(handle, fcntl.LOCK_EX if alone else fcntl.LOCK_SH),
            timeout=_PATIENCE, what="the other workers' tests", hint="run with fewer workers, or with -n0",
        )  # fmt: skip
        yield


def _locked(handle: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
