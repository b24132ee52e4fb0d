"""A server on the loopback that sends the bytes that it was given, whatever they are, for each path."""

from __future__ import annotations

import socket
import ssl
import struct
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Thread

#: Instead of bytes: cut the connection with an error, or close it in order.
RESET, CLOSE = b"RESET", b"CLOSE"


def response(status: int, body: bytes = b"{}", *headers: str) -> bytes:
    """An answer as it goes over the wire."""
    lines = [f"HTTP/1.1 {status} -", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass
class Scripted:
    """``answers`` by path; a path that ends in "!" has its connection closed after the answer."""

    answers: dict[str, bytes]
    port: int = 0
    connections: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    heads: list[bytes] = field(default_factory=list)

    def url(self, path: str, host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    def serve(self, connection: socket.socket) -> None:
        self.connections += 1
        with connection, suppress(OSError):
            while head := _head(connection):
                path = head.split(b" ")[1].decode()
                self.asked[path] += 1
                self.heads.append(head)
                answer = self.answers[path]
                if answer == RESET:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return
                if answer == CLOSE:
                    return
                connection.sendall(answer)
                if path.endswith("!"):
                    return


@contextmanager
def scripted(
    answers: Mapping[str, bytes], host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> Iterator[Scripted]:
    server = Scripted(dict(answers))
    with socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET) as listening:
        server.port = listening.getsockname()[1]
        Thread(target=_accept, args=(server, listening, tls), daemon=True).start()
        yield server
        listening.shutdown(socket.SHUT_RDWR)


def _accept(server: Scripted, listening: socket.socket, tls: ssl.SSLContext | None) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listening.accept()
            Thread(target=_one, args=(server, connection, tls), daemon=True).start()


def _one(server: Scripted, connection: socket.socket, tls: ssl.SSLContext | None) -> None:
    with suppress(OSError):
        server.serve(tls.wrap_socket(connection, server_side=True) if tls else connection)


def _head(connection: socket.socket) -> bytes:
    """A request with its body, which is as long as it says."""
    head = b""
    while b"\r\n\r\n" not in head:
        data = connection.recv(65536)
        if not data:
            return b""
        head += data
    before, _, body = head.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in before.split(b"\r\n") if line.lower().startswith(b"content-length")), 0
    )
    while len(body) < length:
        body += connection.recv(65536)
    return before + b"\r\n\r\n" + body
