"""Steps that are commands: each runs in a session of its own, its lines are told, and it can be ended by force."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from pytest_whitebox.core.deployers.deployer import Emit, Outcome, Step, StepEvent
from pytest_whitebox.core.processtree import ProcessTree
from pytest_whitebox.core.wait import wait_for

#: Seconds between two looks at what a command has written.
_EVERY = 0.1


@dataclass(frozen=True, slots=True)
class Told:
    """What a line tells: a text, the host that it is about, and whether that is well, if it says so."""

    text: str
    host: str = ""
    ok: bool | None = None


class Programs:
    """The commands that run now, by their steps."""

    def __init__(self) -> None:
        self._running: dict[str, ProcessTree] = {}
        self._lock = Lock()

    def run(
        self,
        step: Step,
        command: Sequence[str],
        emit: Emit,
        environment: Mapping[str, str],
        told: Callable[[str], Told | None] = Told,
        folder: Path | None = None,
    ) -> Outcome:
        """Run a step's command, in a folder, and tell of its process, then what each line tells that it writes.

        All that it writes is its output. It goes to a file: a command whose reader was killed does its step to the end.
        """
        with tempfile.TemporaryFile() as output:
            # Whoever aborts the step meanwhile waits until it can be found.
            with self._lock:
                try:
                    process = subprocess.Popen(
                        list(command), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                        env=dict(environment), cwd=folder, start_new_session=True,
                    )  # fmt: skip
                except OSError as error:
                    return Outcome(False, f"`{command[0]}` cannot be started: {error.strerror}")
                self._running[step.id] = ProcessTree.of(process.pid)
            emit(StepEvent(step.id, f"began as process {process.pid}", time.time(), pid=process.pid))
            written = _Written(output)

            def over() -> bool:
                ended = process.poll() is not None
                for line in written.lines(ended=ended):
                    if (found := told(line)) and found.text:
                        emit(StepEvent(step.id, found.text, time.time(), found.host, found.ok))
                return ended

            try:
                # Whoever has begun the step aborts it at its timeout.
                wait_for(over, timeout=float("inf"), every=_EVERY, what=f"step {step.id} to end")
            finally:
                with self._lock:
                    self._running.pop(step.id, None)
            return _outcome(process.returncode, written.all())

    def abort(self, step: Step, grace: float) -> None:
        """Ask a step's command and all that it has started to end, then kill what is left of them."""
        with self._lock:
            tree = self._running.get(step.id)
        if tree is not None:
            tree.end(signal.SIGTERM, grace)


class _Written:
    """What a command writes into a file, read while it grows; the place at which it writes is left alone."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._read, self._rest = file.fileno(), 0, b""

    def lines(self, *, ended: bool) -> list[str]:
        """The lines that came to an end since the last look; all that is left once the command has ``ended``."""
        more = os.pread(self._file, os.fstat(self._file).st_size - self._read, self._read)
        self._read += len(more)
        *lines, self._rest = (self._rest + more).split(b"\n")
        if ended and self._rest:
            lines, self._rest = [*lines, self._rest], b""
        return [line.decode(errors="replace").rstrip() for line in lines]

    def all(self) -> bytes:
        """All of it."""
        return os.pread(self._file, os.fstat(self._file).st_size, 0)


def _outcome(code: int, output: bytes) -> Outcome:
    last = next((one for one in reversed(output.splitlines()) if one.strip()), b"").decode(errors="replace").strip()
    said = f"{'ended by signal' if code < 0 else 'exited with'} {abs(code)}{f': {last}' if last else ''}"
    return Outcome(code == 0, "" if code == 0 else said, output)
