"""One HTTP/1.1 connection that hides nothing: no second try, no redirect, no pool.

h11 reads and writes the protocol and leaves the socket to us; a client library would try again by itself what a
probe is there to see.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import h11

from pytest_upgrade.observers.lane import Lane
from pytest_upgrade.observers.result import Result

_CHUNK = 65536
#: As much of a body is kept as decides whether it contains what it has to.
_KEPT = 1 << 20
_UNREACHABLE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN})
Address = tuple[str, int]


class RequestFailed(Exception):
    """A request that had no good end: its class, and what was seen, as far as an answer had come."""

    def __init__(self, result: Result, text: str, answer: Answer | None = None) -> None:
        super().__init__(text)
        self.result, self.text, self.answer = result, text, answer


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; ``request_id`` is the server's own."""

    status: int
    headers: Mapping[bytes, bytes]
    body: bytes

    @property
    def request_id(self) -> str:
        """As Nova, Neutron, Cinder, Glance and Keystone, or as Swift call it."""
        found = self.headers.get(b"x-openstack-request-id") or self.headers.get(b"x-trans-id") or b""
        return found.decode("ascii", "replace")


class Connection:
    """Open it with `Connection.open`; ``address`` is the one that answered."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: Address) -> None:
        self._reader, self._writer, self.address = reader, writer, address
        self._http = h11.Connection(h11.CLIENT)

    @classmethod
    async def open(
        cls, lane: Lane, addresses: Sequence[Address], tls: ssl.SSLContext | None
    ) -> tuple[Connection, list[str]]:
        """Connect to the first address that answers, as clients do; also what the others before it said."""
        others: list[str] = []
        *before, last = addresses
        for address in before:
            try:
                return await cls._connect(lane, address, tls), others
            except RequestFailed as failure:
                others.append(f"{address[0]}: {failure.text}")
        return await cls._connect(lane, last, tls), others

    @classmethod
    async def _connect(cls, lane: Lane, address: Address, tls: ssl.SSLContext | None) -> Connection:
        try:
            async with asyncio.timeout(lane.connect_timeout):
                reader, writer = await asyncio.open_connection(
                    *address, ssl=tls if lane.is_secure else None, server_hostname=lane.host if lane.is_secure else None
                )
        except TimeoutError:
            raise RequestFailed(Result.TIMEOUT, f"no connection in {lane.connect_timeout:g} s") from None
        except ssl.SSLError as error:
            raise RequestFailed(Result.TLS, error.reason or str(error)) from None
        except OSError as error:
            raise RequestFailed(_of(error), f"connect: {_words(error)}") from None
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return cls(reader, writer, address)

    @property
    def is_usable(self) -> bool:
        """False once the server has closed it, and after an answer that ends it."""
        gone = self._reader.at_eof() or self._reader.exception() is not None or self._writer.is_closing()
        return not gone and self._http.our_state is h11.IDLE

    async def ask(self, lane: Lane, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Send the lane's request once and take the whole answer; raises `RequestFailed`."""
        given = [("Host", lane.authority), *headers.items(), *([("Content-Length", str(len(body)))] if body else [])]
        try:
            sent = self._http.send(h11.Request(method=lane.method, target=lane.target, headers=given))
            sent = (sent or b"") + (self._http.send(h11.Data(data=body)) or b"" if body else b"")
            self._writer.write(sent + (self._http.send(h11.EndOfMessage()) or b""))
            return await self._answer()
        except h11.LocalProtocolError as error:
            raise RequestFailed(Result.BROKEN, str(error)) from None

    async def _answer(self) -> Answer:
        head: h11.Response | None = None
        body = bytearray()
        while True:
            event = await self._event(head)
            if isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data[: _KEPT - len(body)]
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
                    self._http.start_next_cycle()
                return _answer(head, bytes(body))

    async def _event(self, head: h11.Response | None) -> object:
        """The next piece of the answer."""
        while True:
            try:
                event = self._http.next_event()
                if event is not h11.NEED_DATA:
                    return event
                data = await self._reader.read(_CHUNK)
                if not data and head is None:
                    raise RequestFailed(Result.CLOSED, "closed before an answer")
                self._http.receive_data(data)
            except h11.RemoteProtocolError as error:
                result = Result.TRUNCATED if head is not None and self._reader.at_eof() else Result.PROTOCOL
                raise RequestFailed(result, str(error), _answer(head, b"") if head else None) from None
            except ssl.SSLError as error:
                raise RequestFailed(Result.TLS, error.reason or str(error)) from None
            except OSError as error:
                raise RequestFailed(_of(error), _words(error), _answer(head, b"") if head else None) from None

    def close(self) -> None:
        """Close it at once."""
        self._writer.close()


def _answer(head: h11.Response, body: bytes) -> Answer:
    return Answer(head.status_code, dict(head.headers), body)


def _of(error: OSError) -> Result:
    if isinstance(error, ConnectionRefusedError):
        return Result.REFUSED
    if isinstance(error, ConnectionResetError | BrokenPipeError | ConnectionAbortedError):
        return Result.RESET
    if error.errno in _UNREACHABLE:
        return Result.UNREACHABLE
    return Result.TIMEOUT if error.errno == errno.ETIMEDOUT else Result.BROKEN


def _words(error: OSError) -> str:
    """What the system calls it, without an address, so that equal failures are equal texts.

    >>> _words(ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed ('127.0.0.1', 9)"))
    'Connection refused'
    """
    return os.strerror(error.errno) if error.errno else str(error) or type(error).__name__
