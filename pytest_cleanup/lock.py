"""One restore of a cloud at a time."""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pytest_cleanup.refusal import Refused
from pytest_whitebox.core.transactions import here


def folder() -> Path:
    """Where what runs of this machine have to tell each other lies."""
    path = Path(tempfile.gettempdir()) / f"stackproof-{os.geteuid()}"
    path.mkdir(mode=0o700, exist_ok=True)
    return path


@contextmanager
def locked(auth_url: str, region: str) -> Iterator[None]:
    """Hold the lock of a cloud; `Refused` if somebody has it. It ends with the process, however that ends."""
    name = hashlib.sha256(f"{auth_url} {region}".encode()).hexdigest()[:16]
    with (folder() / f"cleanup-{name}.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "somebody"
            raise Refused(f"{auth_url} is being restored by {holder}", hint="wait until that has ended") from None
        file.truncate(0)
        file.write(here())
        file.flush()
        yield
