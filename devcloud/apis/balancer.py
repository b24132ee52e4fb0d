"""HAProxy as it runs: which instance of an API gets requests, asked and told over its own socket."""

from __future__ import annotations

import csv
import io
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from devcloud.hosts.host import Host
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.wait import wait_for

_SOCKET = "/run/haproxy/admin.sock"
_TIMEOUT = 5


@dataclass(frozen=True, slots=True)
class Backend:
    """One instance of an API as HAProxy sees it; ``port`` is where it listens, ``sessions`` what it works on now."""

    api: str
    instance: str
    port: int
    state: str
    sessions: int

    @property
    def serves(self) -> bool:
        """True if it is given requests."""
        return self.state.startswith("UP")


def backends(host: Host) -> tuple[Backend, ...]:
    """All instances; raises `StackproofError` if HAProxy does not answer on its host."""
    return tuple(from_csv(_said(host, "show stat")))


def backend(host: Host, port: int) -> Backend | None:
    """The instance that listens on a port, if HAProxy knows it."""
    return next((found for found in backends(host) if found.port == port), None)


def drain(host: Host, server: Backend, *, timeout: float) -> int:
    """Give it no more requests, and wait until it works on none; returns how many it had at first."""
    _said(host, f"set server {server.api}/{server.instance} state drain")
    before = _now(host, server).sessions
    wait_for(
        lambda: not _now(host, server).sessions,
        timeout=timeout,
        every=0.05,
        what=f"the last requests of {server.api}/{server.instance} to end",
        hint="it is drained, and goes on with them; ask again, or make it ready",
    )
    return before


def maintain(host: Host, server: Backend) -> None:
    """Give it no more requests at all; where it is the only one, HAProxy answers 503 in its place."""
    _said(host, f"set server {server.api}/{server.instance} state maint")


def ready(host: Host, server: Backend) -> None:
    """Give it requests again, as soon as its health check is good."""
    _said(host, f"set server {server.api}/{server.instance} state ready")


def wait_until_unknown(host: Host, port: int, *, timeout: float = 30) -> None:
    """Wait until HAProxy, which has a new configuration, has no instance at a port."""
    wait_for(
        lambda: backend(host, port) is None,
        timeout=timeout,
        every=0.05,
        what=f"haproxy to forget port {port}",
        hint="see `devcloud logs haproxy`",
    )


def _now(host: Host, server: Backend) -> Backend:
    found = backend(host, server.port)
    if found is None:
        raise StackproofError(
            f"haproxy has no {server.api}/{server.instance} any more", hint="see `devcloud logs haproxy`"
        )
    return found


def from_csv(text: str) -> Iterator[Backend]:
    """Parse the answer to `show stat`."""
    for row in csv.DictReader(io.StringIO(text.removeprefix("# "))):
        if row["svname"] not in ("FRONTEND", "BACKEND"):
            port = int(row["addr"].rpartition(":")[2])
            yield Backend(row["pxname"], row["svname"], port, row["status"], int(row["scur"]) + int(row["qcur"]))


def _said(host: Host, command: str) -> str:
    """The answer to one command; an answer to a command that changes something is a complaint."""
    try:
        with socket.socket(socket.AF_UNIX) as door:
            door.settimeout(_TIMEOUT)
            door.connect(str(host.path(_SOCKET)))
            door.sendall(f"{command}\n".encode())
            answer = b"".join(iter(lambda: door.recv(1 << 16), b"")).decode()
    except OSError as error:
        raise StackproofError(
            f"haproxy on {host.name} does not answer: {error.strerror or error}", hint="see `devcloud logs haproxy`"
        ) from error
    if command.startswith("set ") and answer.strip():
        raise StackproofError(f"haproxy refuses `{command}`: {answer.strip()}", hint="see `devcloud logs haproxy`")
    return answer
