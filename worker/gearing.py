"""Gearman's protocol, by gear, mended where it is slow, leaks or damages what is long.

Gear leaves Nagle's algorithm on, so that a job waits 40 ms for an acknowledgement; it begins anew where a socket has
taken a part of a packet; it keeps each job that it ever submitted; and its server has others wait while one connects.
A Gearman server only hands jobs out here: what became of them is told to the monitor, so nothing rests on what it
loses or repeats.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Condition, Event
from typing import Any, Final

import gear
from gear import constants

from pytest_whitebox.core.errors import StackproofError

from .place import Place

#: The function that workers offer.
FUNCTION: Final = "stackproof:run"
_PRECEDENCES: Final = {
    "high": gear.PRECEDENCE_HIGH,
    "normal": gear.PRECEDENCE_NORMAL,
    "low": gear.PRECEDENCE_LOW,
}
#: Seconds for a server to answer.
_PATIENCE: Final = 10.0
_BACKLOG: Final = 128


def function(key: str) -> str:
    """The function of workers that have a key, for jobs that are sealed to it; without one that of all."""
    return f"{FUNCTION}:{key}" if key else FUNCTION


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a server has a job, and whether somebody has taken it from there and not answered yet."""

    is_there: bool
    is_taken: bool


class Unreachable(StackproofError):
    """No Gearman server is there now."""

    def __init__(self, place: Place) -> None:
        super().__init__(f"the Gearman server {place} cannot be reached", hint="see that it runs, and GEARMAN_SERVER")


class _Connection(gear.Connection):  # type: ignore[misc]
    """Sends at once, and each byte once."""

    def connect(self) -> None:
        super().connect()
        self.conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def sendRaw(self, data: bytes) -> None:
        with self.send_lock:
            self.conn.sendall(data)


def _add(client: Any, place: Place) -> None:
    """What gear's addServer does, with our connection."""
    connection = _Connection(
        place.host, place.port, place.key, place.certificate, place.authority, client.client_id,
        keepalive=True, tcp_keepidle=15, tcp_keepintvl=5, tcp_keepcnt=3,
    )  # fmt: skip
    with client.connections_condition:
        client.inactive_connections.append(connection)
        client.connections_condition.notify_all()


class Submitter(gear.Client):  # type: ignore[misc]
    """Gives jobs to a Gearman server; ``losses`` counts how often it was gone, and with it perhaps what it had."""

    def __init__(self, place: Place) -> None:
        super().__init__("stackproof-monitor")
        self.place, self.losses = place, 0
        self._known: dict[bytes, Standing] = {}
        self._answered = Condition()
        _add(self, place)

    @property
    def is_connected(self) -> bool:
        """True if a server is there."""
        return bool(self.active_connections)

    def submit(self, unique: str, text: str, priority: str, key: str = "") -> bytes:
        """Give a job to the server, for those with a key if one is named; returns its handle. Raises `Unreachable`.

        Gearmand takes two of the same ``unique`` for one.
        """
        job = gear.TextJob(function(key), text, unique=unique)
        try:
            self.submitJob(job, background=True, precedence=_PRECEDENCES[priority], timeout=_PATIENCE)
        except (gear.GearmanError, gear.NoConnectedServersError, OSError, AttributeError):
            raise Unreachable(self.place) from None
        return bytes(job.handle)

    def standing(self, handle: bytes) -> Standing:
        """What the server says of a job; raises `Unreachable`."""
        with self._answered:
            self._known.pop(handle, None)
            try:
                connection = self.getConnection()
                self.sendPacket(gear.Packet(constants.REQ, constants.GET_STATUS, handle), connection)
            except (gear.NoConnectedServersError, OSError, AttributeError):
                raise Unreachable(self.place) from None
            if not self._answered.wait_for(lambda: handle in self._known, _PATIENCE):
                raise Unreachable(self.place)
            return self._known.pop(handle)

    def handleStatusRes(self, packet: Any) -> None:
        """Keep the answer for who waits for it."""
        with self._answered:
            is_there, is_taken = packet.getArgument(1) == b"1", packet.getArgument(2) == b"1"
            self._known[bytes(packet.getArgument(0))] = Standing(is_there, is_taken)
            self._answered.notify_all()

    def handleJobCreated(self, packet: Any) -> Any:
        """Forget the job again: nobody tells us of one in the background."""
        job = super().handleJobCreated(packet)
        packet.connection.related_jobs.pop(job.handle, None)
        return job

    def _lostConnection(self, connection: Any) -> None:
        self.losses += 1
        super()._lostConnection(connection)


class Taker(gear.TextWorker):  # type: ignore[misc]
    """Takes jobs from a Gearman server, those too that are sealed to its keys; many threads may wait in `take`."""

    def __init__(self, place: Place, name: str, keys: Sequence[str] = ()) -> None:
        super().__init__(name)
        self.place = place
        for key in ("", *keys):
            self.registerFunction(function(key))
        _add(self, place)

    def take(self) -> Any:
        """The next job, None once `end` was called."""
        try:
            return self.getJob()
        except gear.InterruptedError:
            return None

    def end(self) -> None:
        """Take no more jobs; who waits in `take` has None."""
        self.running = False
        self.stopWaitingForJobs()


def answer(job: Any, *, done: bool) -> None:
    """Tell the server that a job is dealt with; it may be gone, and then nobody waits for the answer."""
    try:
        job.sendWorkComplete() if done else job.sendWorkFail()
    except (OSError, AttributeError, gear.GearmanError):
        return


class Server(gear.Server):  # type: ignore[misc]
    """Gear's own server; it keeps its jobs in memory, and the monitor gives it those again that it loses.

    With TLS who connects shows a certificate of the authority's, and gets no further without one.
    """

    socket: Any

    def __init__(self, place: Place) -> None:
        self._listening = Event()
        context = _context(place) if place.is_tls else None
        super().__init__(
            port=place.port, host=place.host, keepalive=True, tcp_keepidle=15, tcp_keepintvl=5, tcp_keepcnt=3
        )
        self.socket.listen(_BACKLOG)
        if context:
            # The handshake comes with the first read: gear's own has all others wait for who says nothing.
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self._listening.set()

    @property
    def place(self) -> Place:
        """Where it listens."""
        return Place(*self.socket.getsockname()[:2])

    def connectLoop(self) -> None:
        """Accept nobody before it is known how."""
        self._listening.wait()
        super().connectLoop()

    def _registerConnection(self, connection: Any) -> None:
        connection.conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super()._registerConnection(connection)

    def _processPollEvent(self, connection: Any, event: int) -> None:
        """Let go of who has no certificate: gear would read from there again and again."""
        try:
            super()._processPollEvent(connection, event)
        except ssl.SSLError:
            self._lostConnection(connection)


def _context(place: Place) -> ssl.SSLContext:
    """The server's end of TLS; gear's workers do not get along with 1.3."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        context.load_cert_chain(str(place.certificate), place.key)
        context.load_verify_locations(place.authority)
    except OSError as error:
        hint = "name files in PEM with --gearman-certificate, --gearman-key and --gearman-authority"
        raise StackproofError(f"the Gearman server cannot use its certificate: {error}", hint=hint) from None
    return context
