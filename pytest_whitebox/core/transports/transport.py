"""How one gets at a host: run a command there, read and write its files, reach what it reaches."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from pytest_whitebox.core.command import CommandFailed, Result
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.transports.file import read_file, write_file

#: Seconds that a command may take unless the caller says otherwise.
TIMEOUT = 60.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """Exit code and raw output of a command; -1 stands for one that a signal ended."""

    rc: int
    stdout: bytes
    stderr: bytes


class Held(Protocol):
    """A command that stays at the other end for as long as somebody holds it."""

    @property
    def first_line(self) -> str:
        """What it said when it was ready."""

    @property
    def alive(self) -> bool:
        """False once the command, or the way to it, has ended."""


class Transport(Protocol):
    """The way to one host; all methods may be called from several threads.

    An implementation gives ``execute``, ``hold``, ``forward`` and ``close``, and inherits the rest.
    """

    @property
    def name(self) -> str:
        """The way in words, as errors show it: ``ssh root@10.213.77.21``."""

    def execute(self, command: Sequence[str], *, input: bytes | None = None, timeout: float = TIMEOUT) -> Outcome:
        """Run a command, feed it ``input`` and collect what it says, as bytes; ``timeout`` is in seconds."""

    def hold(self, command: Sequence[str], *, timeout: float = TIMEOUT) -> AbstractContextManager[Held]:
        """Start a command, wait ``timeout`` seconds for its first line, and keep its input open meanwhile.

        The command reads end-of-file when the context ends, and also when this process dies.
        Raises `CommandFailed` if it ends before it says a line.
        """

    def forward(self, host: str, port: int) -> AbstractContextManager[tuple[str, int]]:
        """A local address and port that lead to ``host:port`` as the host sees it."""

    def close(self) -> None:
        """Let go of the host; the next use opens the way again."""

    def run(
        self, command: Sequence[str], *, input: bytes | None = None, timeout: float = TIMEOUT, check: bool = True
    ) -> Result:
        """Run a command and return its `Result`; raises `CommandFailed` for a code other than 0 if ``check``."""
        outcome = self.execute(command, input=input, timeout=timeout)
        result = result_of(command, outcome)
        if check and not result.ok:
            raise CommandFailed(result, where=self.name)
        return result

    def read(self, path: str) -> bytes:
        """The bytes of a file; raises `FileMissing` if there is none."""
        return read_file(self, path)

    def write(self, path: str, data: bytes) -> None:
        """Replace a file, whole or not at all; its owner and mode stay. A new file has mode 0600."""
        write_file(self, path, data)


def result_of(command: Sequence[str], outcome: Outcome) -> Result:
    """The outcome as text.

    >>> result_of(["true"], Outcome(0, b"caf\\xc3\\xa9", b"")).stdout
    'café'
    """
    return Result(
        tuple(command), outcome.rc, outcome.stdout.decode(errors="replace"), outcome.stderr.decode(errors="replace")
    )


def too_slow(command: Sequence[str], timeout: float, where: str) -> StackproofError:
    """The error for a command that did not end in time; its arguments may be long, so only its name is told."""
    return StackproofError(f"`{command[0]}` did not end within {timeout:g} s on {where}", hint="run it by hand there")
