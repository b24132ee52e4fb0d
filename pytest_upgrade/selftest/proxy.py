"""A server with three backends behind a proxy, which can be made to fail in known ways at known instants."""

from __future__ import annotations

import asyncio
import socket
import struct
from dataclasses import dataclass, field
from enum import StrEnum

_BODY = b'{"versions": [{"id": "v1"}]}'
#: Seconds that the server takes for an answer.
ANSWER = 0.05
_RST = struct.pack("ii", 1, 0)
_PATIENCE = 30.0


class Fault(StrEnum):
    """What the proxy can do wrong."""

    NONE = "none"
    OUTAGE = "full outage"
    BACKEND = "one of three backends gone"
    RESET = "reset on reused connections"
    ERROR = "5xx"
    TRUNCATED = "truncated body"
    SLOW = "three times slower"
    HUNG = "hung accept"


@dataclass
class Proxy:
    """Start it with `start`; ``fault`` is in force for each request that comes from then on."""

    fault: Fault = Fault.NONE
    port: int = 0
    _server: asyncio.Server | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _backends: list[_Backend] = field(default_factory=list)
    _turn: int = 0

    async def start(self) -> None:
        """Listen on the loopback, before three backends."""
        self._backends = [_Backend() for _ in range(3)]
        for backend in self._backends:
            await backend.start()
        await self._listen()

    async def set(self, fault: Fault) -> None:
        """Have a fault from now on, or none."""
        before, self.fault = self.fault, fault
        if fault is Fault.OUTAGE:
            await self._go_away()
        elif before is Fault.OUTAGE:
            await self._listen()
        if fault is Fault.BACKEND:
            await self._backends[0].stop()
        elif before is Fault.BACKEND:
            await self._backends[0].start()

    async def stop(self) -> None:
        """Close everything."""
        await self._go_away()
        for backend in self._backends:
            await backend.stop()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, reuse_address=True)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _go_away(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in list(self._open):
            _reset(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        requests = 0
        try:
            while head := await _head(reader):
                requests += 1
                await self._answer(head, writer, is_reused=requests > 1)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _answer(self, head: bytes, writer: asyncio.StreamWriter, *, is_reused: bool) -> None:
        fault = self.fault
        if fault is Fault.RESET and is_reused:
            _reset(writer)
            return
        if fault is Fault.HUNG:
            await asyncio.sleep(_PATIENCE)
            return
        if fault is Fault.ERROR:
            writer.write(_response(500, b"{}"))
            return
        answer = await self._forwarded(head)
        if fault is Fault.SLOW:
            await asyncio.sleep(2 * ANSWER)
        if fault is Fault.TRUNCATED:
            writer.write(answer[:-5])
            writer.close()
            return
        writer.write(answer)

    async def _forwarded(self, head: bytes) -> bytes:
        """What the backend says whose turn it is; of one that is not there what balancers say."""
        self._turn += 1
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._backends[self._turn % 3].port)
        except OSError:
            return _response(503, b"{}")
        try:
            writer.write(head)
            return await reader.read()
        finally:
            writer.close()


@dataclass
class _Backend:
    port: int = 0
    _server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, reuse_address=True)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await _head(reader):
            await asyncio.sleep(ANSWER)
            writer.write(_response(200, _BODY))
        writer.close()


async def _head(reader: asyncio.StreamReader) -> bytes:
    """The next request, which has no body; empty at the end of the connection."""
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""


def _response(status: int, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _reset(writer: asyncio.StreamWriter) -> None:
    """Cut a connection so that the other side is told of it as an error."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST)
    writer.transport.abort()
