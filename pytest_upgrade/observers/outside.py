"""The observer seen from outside: started, asked whether it lives, ended. The lock that it holds is its life."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

from pytest_upgrade.observers.assignment import Assignment
from pytest_upgrade.observers.observing import TAKEN
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.wait import wait_for

#: Held by the observer of a run, in the folder of the run; it has the process's number in it.
LOCK = "observer.lock"
LOG = "observer.log"
_COMMAND = (sys.executable, "-m", "pytest_upgrade.observers")
#: What an observer says when its schedule begins.
READY = "ready"
#: Seconds for what is under way to end: the longest timeout of a lane, the grace of canaries, and writing it down.
_ENDING = 60


def start(assignment: Assignment) -> int:
    """Start an observer that outlives us and return its process's number; it is at work when this returns."""
    _own(assignment.folder)
    with (assignment.folder / LOG).open("ab") as log:
        process = subprocess.Popen(
            _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, start_new_session=True, cwd="/",
        )  # fmt: skip
    said = _handed(process, assignment.to_json())
    if said != READY:
        process.wait()
        hint = f"see {assignment.folder / LOG}"
        raise StackproofError(f"the observer has not begun: {said or 'it said nothing'}", hint=hint)
    return process.pid


def foreground(assignment: Assignment) -> int:
    """Observe until Ctrl-C or the longest life; returns the process's exit code."""
    _own(assignment.folder)
    process = subprocess.Popen(_COMMAND, stdin=subprocess.PIPE, cwd="/")
    try:
        process.communicate(assignment.to_json().encode())
    except KeyboardInterrupt:
        # Ctrl-C went to the observer as well.
        process.wait(timeout=_ENDING)
    return process.returncode


def alive(folder: Path) -> int:
    """The number of the observer's process; 0 if none lives."""
    try:
        with (folder / LOCK).open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return 0
            except BlockingIOError:
                return int(lock.read() or 0)
    except FileNotFoundError:
        return 0


def stop(folder: Path) -> bool:
    """End the observer, with what it has under way; false if there is none."""
    pid = alive(folder)
    if not pid:
        return False
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return False
    wait_for(lambda: not alive(folder), timeout=_ENDING, what="the observer to end", hint=f"see {folder / LOG}")
    return True


def _own(folder: Path) -> None:
    """Whatever samples are there: they are no copy any more, an observer goes on with them."""
    (folder / TAKEN).unlink(missing_ok=True)


def _handed(process: subprocess.Popen[bytes], text: str) -> str:
    assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 -- both are pipes
    try:
        process.stdin.write(text.encode())
        process.stdin.close()
    except BrokenPipeError:
        pass
    return process.stdout.readline().decode().strip()
