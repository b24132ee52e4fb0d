"""A program that is run to its end, or until it is stopped, with all that it has started."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event, Thread

from pytest_whitebox.core.processtree import ProcessTree

#: Hears each line that a program prints.
Say = Callable[[str], None]


def called(
    command: Sequence[str], environment: dict[str, str], hear: Say, stopped: Event, folder: Path,
    descriptors: Sequence[int] = (), grace: float = 3.0,
) -> int:  # fmt: skip
    """Run a program to its end and return its exit status; once ``stopped`` is set it and all that it began end.

    They have ``grace`` seconds to do so themselves, as with Ctrl-C.
    """
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True, pass_fds=descriptors,
    )  # fmt: skip
    for descriptor in descriptors:
        os.close(descriptor)
    over, tree = Event(), ProcessTree.of(process.pid)

    def watch() -> None:
        while not over.is_set():
            if stopped.wait(0.2):
                tree.end(signal.SIGINT, grace)
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
        tree.end(signal.SIGKILL, 0)
