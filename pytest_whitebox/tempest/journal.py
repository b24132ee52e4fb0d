"""What a run makes for Tempest, on disk before it is there: should the run be killed, the next one removes it.

A journal lies in the user's folder of state, one file for a run, locked as long as the run's process lives. The lock
of a process that has died is free, whatever else has its number by then.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from pytest_whitebox.core.clouds import Choice
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.ledger import Ledger
from pytest_whitebox.core.rundirectory import RunDirectory

_VERSION = 1
_ENDING = ".jsonl"
PATTERN = f"*{_ENDING}"


def folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the journals of a user's runs lie.

    >>> folder({"HOME": "/home/me"})
    PosixPath('/home/me/.local/state/stackproof/tempest')
    """
    state = environ.get("XDG_STATE_HOME") or Path(environ.get("HOME", "/")) / ".local" / "state"
    return Path(state) / "stackproof" / "tempest"


class Journal(Ledger):
    """A ledger of which each entry is on disk before what it undoes is done."""

    def __init__(self, run: RunDirectory, choice: Choice) -> None:
        super().__init__()
        self._file = folder() / f"{run.name}{_ENDING}"
        # It has its name when it is locked, so that nobody takes it for one of the dead.
        new = self._file.with_suffix(".new")
        self._out: IO[str] | None = _locked_anew(new)
        self._write({
            "version": _VERSION, "host": socket.gethostname(), "run": str(run.path.resolve()), "cloud": _cloud(choice),
        })  # fmt: skip
        new.rename(self._file)

    def add(self, what: str, undo: Callable[[], object]) -> None:
        """Note how something is undone; the next run knows how by ``what`` alone."""
        self._write({"made": what})
        super().add(what, undo)

    def unwind(self) -> ExceptionGroup[Exception] | None:
        """Undo everything; the journal stays if something could not be undone, for the next run to try."""
        failures = super().unwind()
        if self._out is not None:
            if not failures:
                self._file.unlink(missing_ok=True)
            self._out.close()
            self._out = None
        return failures

    def _write(self, known: Mapping[str, Any]) -> None:
        if self._out is not None:
            self._out.write(json.dumps(known) + "\n")
            self._out.flush()
            os.fsync(self._out.fileno())


@dataclass(frozen=True, slots=True)
class Left:
    """What a dead run has left: ``made`` in the order in which it was made, in the cloud that ``cloud`` describes."""

    file: Path
    run: Path
    cloud: Mapping[str, str]
    made: tuple[str, ...]

    @property
    def id(self) -> str:
        """The short id of the run."""
        return RunDirectory(self.run.parent, self.run.name).id

    def is_in(self, choice: Choice | None) -> bool:
        """True if it is in this cloud."""
        return choice is not None and _cloud(choice) == self.cloud


@contextmanager
def dead() -> Iterator[list[Left]]:
    """What the runs of this user on this machine have left that are dead; nobody else has them meanwhile."""
    files = sorted(folder().glob(PATTERN))
    held = [held for file in files if (held := _locked(file)) is not None]
    try:
        yield [left for stream in held if (left := _read(stream)) is not None]
    finally:
        for stream in held:
            stream.close()


def _locked_anew(file: Path) -> IO[str]:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        stream = os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w")
    except OSError as error:
        hint = "set XDG_STATE_HOME to a folder that can be written to"
        raise StackproofError(f"{file.parent} cannot have the journal of a run: {error.strerror}", hint=hint) from None
    fcntl.flock(stream, fcntl.LOCK_EX)
    return stream


def _locked(file: Path) -> IO[str] | None:
    """The journal if its run has died; None if that lives, or the journal is gone."""
    try:
        stream = file.open("r+")
    except OSError:
        return None
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if file.stat().st_ino == os.fstat(stream.fileno()).st_ino:
            return stream
    except OSError:
        pass
    stream.close()
    return None


def _read(stream: IO[str]) -> Left | None:
    """None for a journal of another version, or of another machine that shares the folder; the last line may be cut."""
    lines = stream.read().split("\n")
    try:
        head, made = json.loads(lines[0]), [json.loads(line)["made"] for line in lines[1:-1]]
        if (head["version"], head["host"]) != (_VERSION, socket.gethostname()):
            return None
        return Left(Path(stream.name), Path(head["run"]), head["cloud"], tuple(made))
    except (ValueError, KeyError, TypeError):
        return None


def _cloud(choice: Choice) -> dict[str, str]:
    """What tells clouds, and projects of theirs, apart."""
    return {
        "name": choice.name, "file": str(choice.file.resolve()) if choice.file else "", "region": choice.region or "",
        "project": choice.project or "", "auth host": choice.auth_host or "",
    }  # fmt: skip
