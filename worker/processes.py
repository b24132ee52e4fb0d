"""The runner of workers: each job in a process of its own, which outlives neither the job nor the worker."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from threading import Event, Thread
from typing import IO, Any

from pytest_whitebox.core.errors import StackproofError

from . import standalone
from .cleaning import LONGEST
from .job import Result
from .payload import Payload
from .runner import End, Telling
from .running import Order
from .states import State

#: Seconds that a process which was told to stop may take before it is killed: it cleans the cloud first.
_PATIENCE = LONGEST + 60.0


@dataclass
class Processes:
    """``folder`` is for the jobs of one worker; what a worker that was killed left there goes first.

    ``keys`` is the folder that has the worker's key, if it has one.
    """

    folder: Path
    clouds: Path
    cache: Path
    keys: Path
    allowed: Sequence[str] = ()
    beside: Sequence[str] = ()
    command: Sequence[str] = field(default_factory=lambda: standalone.command(f"{__package__}.running"))
    _lock: IO[str] | None = None

    def __enter__(self) -> Processes:
        """Have the folder for this worker alone; raises `StackproofError` if another one has it."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = (self.folder / ".lock").open("w")
        try:
            flock(self._lock, LOCK_EX | LOCK_NB)
        except OSError:
            raise StackproofError(f"{self.folder} is another worker's", hint="give this one its own --state") from None
        for left in self.folder.iterdir():
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
        return self

    def __exit__(self, *_: object) -> None:
        if self._lock:
            self._lock.close()

    def run(self, job: str, payload: Payload, telling: Telling) -> End:
        """Run it in a process; the process is told to stop by its input."""
        folders = (self.folder / job, self.clouds, self.cache, self.keys)
        order = Order(job, payload, *folders, tuple(self.allowed), tuple(self.beside))
        process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        assert process.stdin  # noqa: S101 -- it is a pipe
        assert process.stdout  # noqa: S101 -- so is it
        over = Event()
        watcher = Thread(target=_watch, args=(process, telling.stop, over))
        watcher.start()
        end = End(State.FAILED, "its process ended without a word; see the worker's log")
        try:
            process.stdin.write(order.line)
            process.stdin.flush()
            for line in process.stdout:
                end = _heard(json.loads(line), telling) or end
            process.wait()
        except BrokenPipeError:
            process.wait()
        finally:
            over.set()
            watcher.join()
            process.stdin.close()
            process.stdout.close()
            shutil.rmtree(order.folder, ignore_errors=True)
        return end


def _heard(known: dict[str, Any], telling: Telling) -> End | None:
    """Pass on what the process tells; returns the end if it is that."""
    event = known.pop("event")
    if event == "state":
        telling.state(State(known["state"]))
    elif event == "progress":
        telling.progress(known["done"], known["total"])
    elif event == "log":
        telling.log(known["text"])
    else:
        results = [Result(**one) for one in known["results"]]
        return End(State(known["state"]), known["sentence"], results)
    return None


def _watch(process: subprocess.Popen[str], stop: Event, over: Event) -> None:
    while not over.is_set():
        if stop.wait(0.2):
            try:
                process.stdin.write("stop\n")  # type: ignore[union-attr]
                process.stdin.flush()  # type: ignore[union-attr]
            except (OSError, ValueError):
                return
            if not over.wait(_PATIENCE):
                process.kill()
            return
