"""A Refstack server on loopback: it takes results, or refuses them as the real one does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext, SSLSocket
from threading import Event

from tests.doubles.serving import serving


class Refstack(ThreadingHTTPServer):
    """``code`` other than 201 refuses; ``first`` are codes for answers before. ``seen`` is what was sent.

    While ``free`` is not set it takes what is sent and does not answer.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.code, self.answer = 201, '{"test_id": "0a6c", "url": "http://ui/#/results/0a6c"}'
        self.first: list[int] = []
        self.location = ""
        self.free = Event()
        self.free.set()
        self.seen: list[tuple[str, bytes, Mapping[str, str]]] = []

    @property
    def url(self) -> str:
        scheme = "https" if isinstance(self.socket, SSLSocket) else "http"
        return f"{scheme}://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Refstack

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.path, body, dict(self.headers)))
        self.server.free.wait()
        self.send_response(self.server.first.pop(0) if self.server.first else self.server.code)
        if self.server.location:
            self.send_header("Location", self.server.location)
        with suppress(BrokenPipeError):  # who has sent it may have given up
            self.end_headers()
            self.wfile.write(self.server.answer.encode())

    def do_GET(self) -> None:
        self.server.seen.append((self.path, b"", dict(self.headers)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serve(tls: SSLContext | None = None) -> Iterator[Refstack]:
    refstack = Refstack()
    if tls:
        refstack.socket = tls.wrap_socket(refstack.socket, server_side=True)
    with serving(refstack) as server:
        try:
            yield server
        finally:
            server.free.set()
