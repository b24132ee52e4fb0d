"""A Refstack server on loopback: it takes results, or refuses them as the real one does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.doubles.serving import serving


class Refstack(ThreadingHTTPServer):
    """``code`` other than 201 refuses; ``first`` are codes for answers before. ``seen`` is what was sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.code, self.answer = 201, '{"test_id": "0a6c", "url": "http://ui/#/results/0a6c"}'
        self.first: list[int] = []
        self.location = ""
        self.seen: list[tuple[str, bytes, Mapping[str, str]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Refstack

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.path, body, dict(self.headers)))
        self.send_response(self.server.first.pop(0) if self.server.first else self.server.code)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.end_headers()
        self.wfile.write(self.server.answer.encode())

    def do_GET(self) -> None:
        self.server.seen.append((self.path, b"", dict(self.headers)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serve() -> Iterator[Refstack]:
    with serving(Refstack()) as server:
        yield server
