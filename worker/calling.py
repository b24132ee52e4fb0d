"""A program that is run to its end, or until it is stopped, with all that it has started."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event, Thread

#: Hears each line that a program prints.
Say = Callable[[str], None]


def called(
    command: Sequence[str], environment: dict[str, str], hear: Say, stopped: Event, folder: Path,
    descriptors: Sequence[int] = (), grace: float = 3.0,
) -> int:  # fmt: skip
    """Run a program to its end and return its exit status; once ``stopped`` is set it and all its children end.

    They have ``grace`` seconds to do so themselves, as with Ctrl-C.
    """
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True, pass_fds=descriptors,
    )  # fmt: skip
    for descriptor in descriptors:
        os.close(descriptor)
    over = Event()

    def watch() -> None:
        while not over.is_set():
            if stopped.wait(0.2):
                _end(process, over, grace)
                return

    watcher = Thread(target=watch)
    watcher.start()
    try:
        for line in process.stdout or ():
            hear(line)
        return process.wait()
    finally:
        over.set()
        watcher.join()
        _signal(process, signal.SIGKILL)


def _end(process: subprocess.Popen[str], over: Event, grace: float) -> None:
    _signal(process, signal.SIGINT)
    if not over.wait(grace):
        _signal(process, signal.SIGKILL)


def _signal(process: subprocess.Popen[str], number: int) -> None:
    """To the whole group, which may outlive the process itself."""
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        return
