"""The transport to the machine that this process runs on."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Timer

from pytest_whitebox.core.command import CommandFailed
from pytest_whitebox.core.transports.sudo import SUDO, check
from pytest_whitebox.core.transports.transport import TIMEOUT, Held, Outcome, Transport, result_of, too_slow


def is_here(names: Iterable[str], address: str | None) -> bool:
    """True if a host is this machine: it has its name and an address that this machine has, too.

    >>> is_here([socket.gethostname()], "127.0.0.1"), is_here(["compute1"], "192.0.2.21")
    (True, False)
    """
    own = socket.gethostname().partition(".")[0].lower()
    if not address or own not in {name.partition(".")[0].lower() for name in names}:
        return False
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def local_transport() -> LocalTransport:
    """This machine, as root: by sudo if this process is another user's."""
    return LocalTransport(sudo=os.geteuid() != 0)


class LocalTransport(Transport):
    """Commands and files of this machine, as the user that this process runs as, or as root by ``sudo -n``.

    >>> LocalTransport().run(["echo", "hello"]).stdout
    'hello\\n'
    """

    def __init__(self, *, sudo: bool = False) -> None:
        self._prefix = SUDO if sudo else ()

    @property
    def name(self) -> str:
        """Always the same words."""
        return "this machine"

    def execute(self, command: Sequence[str], *, input: bytes | None = None, timeout: float = TIMEOUT) -> Outcome:
        """Run a command here."""
        try:
            words = [*self._prefix, *command]
            done = subprocess.run(words, input=input or b"", capture_output=True, timeout=timeout, check=False)
        except FileNotFoundError:
            outcome = Outcome(127, b"", f"{words[0]}: not found".encode())
        except subprocess.TimeoutExpired:
            raise too_slow(command, timeout, self.name) from None
        else:
            outcome = Outcome(max(done.returncode, -1), done.stdout, done.stderr)
        if self._prefix:
            check(outcome, self.name)
        return outcome

    @contextmanager
    def hold(self, command: Sequence[str], *, timeout: float = TIMEOUT) -> Iterator[Held]:
        """Start a command here and keep its input open."""
        with subprocess.Popen(
            [*self._prefix, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            try:
                yield _Process(self._first_line(process, command, timeout), process)
            finally:
                # Its standard error is read to the end, so that it cannot block on it.
                process.communicate()

    def _first_line(self, process: subprocess.Popen[bytes], command: Sequence[str], timeout: float) -> str:
        assert process.stdout is not None  # noqa: S101 -- a pipe was asked for
        killer = Timer(timeout, process.kill)
        killer.start()
        line = process.stdout.readline()
        late = not killer.is_alive()
        killer.cancel()
        if line.endswith(b"\n"):
            return line.decode(errors="replace").rstrip("\n")
        if late:
            raise too_slow(command, timeout, self.name)
        stdout, stderr = process.communicate()
        outcome = Outcome(max(process.returncode, -1), line + stdout, stderr)
        raise CommandFailed(result_of(command, outcome), where=self.name)

    @contextmanager
    def forward(self, host: str, port: int) -> Iterator[tuple[str, int]]:
        """What this machine reaches needs no way there."""
        yield host, port

    def close(self) -> None:
        """Nothing is held open."""


@dataclass(frozen=True, slots=True)
class _Process:
    first_line: str
    process: subprocess.Popen[bytes]

    @property
    def alive(self) -> bool:
        return self.process.poll() is None
