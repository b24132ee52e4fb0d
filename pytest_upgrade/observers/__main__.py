"""The observer as a process: its assignment comes by standard input, and it says when it has begun."""

from __future__ import annotations

import asyncio
import fcntl
import os
import sys

from pytest_upgrade.observers.assignment import Assignment
from pytest_upgrade.observers.observing import observe
from pytest_upgrade.observers.outside import LOCK, READY


def main() -> int:
    """Observe; 1 if another observer of the same run lives."""
    assignment = Assignment.from_json(sys.stdin.read())
    lock = os.open(assignment.folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("another observer is at work", flush=True)
        return 1
    os.ftruncate(lock, 0)
    os.write(lock, str(os.getpid()).encode())
    asyncio.run(observe(assignment, _ready))
    return 0


def _ready() -> None:
    """Tell whoever started us, who may go away now."""
    print(READY, flush=True)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
