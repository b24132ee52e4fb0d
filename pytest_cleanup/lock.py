"""One restore of a cloud at a time: on this machine by the kernel, on all others by a marker in the cloud itself."""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_cleanup.marker import Marker
from pytest_cleanup.refusal import Refused
from pytest_whitebox.core.transactions import here

if TYPE_CHECKING:
    from pytest_cleanup.view import View

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def folder() -> Path:
    """Where what runs of this machine have to tell each other lies."""
    path = Path(tempfile.gettempdir()) / f"stackproof-{os.geteuid()}"
    path.mkdir(mode=0o700, exist_ok=True)
    return path


@contextmanager
def locked(view: View) -> Iterator[Marker]:
    """Hold the lock of a cloud; `Refused` if somebody has it.

    On this machine it ends with the process, however that ends; what a killed one has left in the cloud is taken over
    here at once, and elsewhere when its time is over.
    """
    name = hashlib.sha256(f"{view.auth_url} {view.region or ''}".encode()).hexdigest()[:16]
    with (folder() / f"cleanup-{name}.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "somebody"
            raise Refused(f"{view.auth_url} is being restored by {holder}", hint="wait until that has ended") from None
        file.truncate(0)
        file.write(here())
        file.flush()
        with Marker(view, _reach(Path(file.name))) as marker:
            yield marker


def _reach(file: Path) -> str:
    """What tells the processes that this lock keeps from each other from all others."""
    return hashlib.sha256(f"{_BOOT.read_text()} {os.geteuid()} {file}".encode()).hexdigest()[:16]
