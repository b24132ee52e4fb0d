"""The transport over SSH: one Fabric connection per host and process, held open."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from functools import cached_property
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import TYPE_CHECKING, Any

from pytest_whitebox.core.command import CommandFailed, quote
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.transports import connection as ssh_connection
from pytest_whitebox.core.transports.channel import HeldChannel, exchange, fed
from pytest_whitebox.core.transports.sudo import SUDO, check
from pytest_whitebox.core.transports.transport import TIMEOUT, Held, Outcome, Transport, result_of, too_slow
from pytest_whitebox.core.transports.tunnel import tunnel
from pytest_whitebox.core.wait import wait_for

if TYPE_CHECKING:
    import paramiko

#: Commands at the same time; OpenSSH's own limit is 10 per connection, and locks need a few.
_PARALLEL = 8
#: Seconds until a server that has no free session is given up; it frees one a moment after the command has ended.
_SESSION_TIMEOUT = 20


class Refused(StackproofError):
    """The server does not open another channel."""


class SshTransport(Transport):
    """Commands and files of a host behind an SSH server; nothing is opened before the first use.

    A user other than root works through ``sudo -n``, unless ``sudo`` says otherwise. A connection that has
    died is opened again when the next command starts; a command under way when it dies is never repeated.
    """

    def __init__(
        self, host: str, *, address: str | None = None, ssh_config: Path | None = None, sudo: bool | None = None,
        login: ssh_connection.Login | None = None,
    ) -> None:  # fmt: skip
        self._target = (host, address, ssh_config, login)
        self._sudo = sudo
        self._opening = Lock()
        self._free = BoundedSemaphore(_PARALLEL)

    @cached_property
    def _connection(self) -> Any:
        return ssh_connection.prepare(*self._target)

    @property
    def name(self) -> str:
        """``ssh user@address``, and the port if it is not 22."""
        port = "" if self._connection.port == 22 else f":{self._connection.port}"
        return f"ssh {self._connection.user}@{self._connection.host}{port}"

    @property
    def address(self) -> str:
        """The address or name that is connected to: the ssh_config's HostName if it gives one."""
        return str(self._connection.host)

    @property
    def _as_other(self) -> bool:
        """True if commands need sudo."""
        return self._connection.user != "root" if self._sudo is None else self._sudo

    def execute(self, command: Sequence[str], *, input: bytes | None = None, timeout: float = TIMEOUT) -> Outcome:
        """Run a command on the host over the held connection."""
        deadline = time.monotonic() + timeout
        with self._free, closing(self._start(fed(command, len(input or b"")))) as channel:
            try:
                stdout, stderr = exchange(channel, input or b"", deadline)
            except TimeoutError:
                raise too_slow(command, timeout, self.name) from None
            outcome = self._outcome(channel, stdout, stderr)
        if self._as_other:
            check(outcome, self.name)
        return outcome

    @contextmanager
    def hold(self, command: Sequence[str], *, timeout: float = TIMEOUT) -> Iterator[Held]:
        """Start a command on the host and keep its input open."""
        with closing(self._start(command)) as channel:
            channel.settimeout(timeout)
            try:
                line = channel.makefile("rb").readline()
                if not line.endswith(b"\n"):
                    stderr = channel.makefile_stderr("rb").read()
                    channel.status_event.wait(timeout)
                    outcome = self._outcome(channel, line, stderr)
                    if self._as_other:
                        check(outcome, self.name)
                    raise CommandFailed(result_of(command, outcome), where=self.name)
            except TimeoutError:
                raise too_slow(command, timeout, self.name) from None
            yield HeldChannel(line.decode(errors="replace").rstrip("\n"), channel)
            channel.shutdown_write()
            channel.status_event.wait(timeout)

    def forward(self, host: str, port: int) -> AbstractContextManager[tuple[str, int]]:
        """A port of the loopback that leads to ``host:port`` as seen from the host."""
        return tunnel(lambda source: self._channel(_direct((host, port), source)), f"{host}:{port}", self.name)

    def close(self) -> None:
        """Close the connection; the next command opens it again."""
        with self._opening:
            ssh_connection.close_connection(self._connection)

    def _start(self, command: Sequence[str]) -> paramiko.Channel:
        import paramiko

        channel = wait_for(
            lambda: self._channel(lambda transport: transport.open_session()),
            timeout=_SESSION_TIMEOUT,
            every=0.05,
            what=f"a free session of {self.name}",
            hint="look at MaxSessions in its sshd_config",
            ignore=(Refused,),
        )
        try:
            channel.exec_command(quote([*(SUDO if self._as_other else ()), *command]))
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise self._broke() from error
        return channel

    def _channel(self, start: Callable[[paramiko.Transport], paramiko.Channel]) -> paramiko.Channel:
        """A new channel of the held connection; if that turns out to be dead it is opened again, once."""
        import paramiko

        for _ in range(2):
            transport = self._opened()
            try:
                return start(transport)
            except (paramiko.SSHException, EOFError, OSError) as error:
                if _refused(error, transport):
                    raise Refused(
                        f"{self.name} refuses it: {error}",
                        hint="look at MaxSessions and AllowTcpForwarding in its sshd_config",
                    ) from error
                transport.close()
        raise StackproofError(f"{self.name} hangs up again and again", hint="look at the log of its SSH server")

    def _opened(self) -> paramiko.Transport:
        with self._opening:
            if not self._connection.is_connected:
                ssh_connection.close_connection(self._connection)
                ssh_connection.open_connection(self._connection, self.name)
            transport: paramiko.Transport = self._connection.transport
            return transport

    def _outcome(self, channel: paramiko.Channel, stdout: bytes, stderr: bytes) -> Outcome:
        transport = channel.get_transport()
        if channel.exit_status < 0 and not transport.is_active():
            raise self._broke()
        return Outcome(channel.exit_status, stdout, stderr)

    def _broke(self) -> StackproofError:
        return StackproofError(
            f"the connection to {self.name} broke while a command was running",
            hint="whether the command did its work is not known: look at the host",
        )


def _refused(error: Exception, transport: paramiko.Transport) -> bool:
    """Not a connection that has died; Paramiko mixes up what concurrent threads are refused with."""
    return transport.is_active() and "Timeout" not in str(error)


def _direct(destination: tuple[str, int], source: tuple[str, int]) -> Callable[[paramiko.Transport], paramiko.Channel]:
    return lambda transport: transport.open_channel("direct-tcpip", destination, source)
