"""Several workers of a machine share a cache, in which one of them at a time makes a thing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, flock
from pathlib import Path


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """One process at a time works at a file; the lock goes with the process."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with file.with_name(f".{file.name}.lock").open("w") as lock:
        flock(lock, LOCK_EX)
        yield
