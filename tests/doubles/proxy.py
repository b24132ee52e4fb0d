"""A proxy on loopback: it passes requests on and tunnels through, and writes down for whom."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import ProxyHandler, Request, build_opener

from tests.doubles.serving import serving


class Proxy(ThreadingHTTPServer):
    """``seen`` is what was asked for, with the credentials that came along."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[tuple[str, str]] = []


class _Handler(BaseHTTPRequestHandler):
    server: Proxy

    def do_POST(self) -> None:
        self._note()
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        kept = {name: value for name, value in self.headers.items() if not name.lower().startswith("proxy-")}
        request = Request(self.path, data=body or None, headers=kept, method=self.command)
        with build_opener(ProxyHandler({})).open(request) as answer:
            self.send_response(answer.status)
            self.end_headers()
            self.wfile.write(answer.read())

    do_GET = do_POST

    def do_CONNECT(self) -> None:
        self._note()
        host, _, port = self.path.rpartition(":")
        with socket.create_connection((host.strip("[]"), int(port))) as far:
            self.send_response(200)
            self.end_headers()
            both = {self.connection: far, far: self.connection}
            while True:
                for near in select.select([*both], [], [])[0]:
                    data = near.recv(65536)
                    if not data:
                        self.close_connection = True
                        return
                    both[near].sendall(data)

    def _note(self) -> None:
        self.server.seen.append((self.path, self.headers.get("Proxy-Authorization", "")))

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serve() -> Iterator[Proxy]:
    with serving(Proxy()) as proxy:
        yield proxy
