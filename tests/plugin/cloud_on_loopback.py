"""A server on the loopback that speaks as much of Keystone and Nova as it takes to make flavors, and to list all."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.doubles.serving import serving

#: Collections with nothing in them, by their addresses; so are all of Keystone's.
EMPTY: Mapping[str, Any] = {
    "/compute/v2.1/servers/detail": {"servers": []},
    "/compute/v2.1/os-server-groups": {"server_groups": []},
    "/compute/v2.1/os-aggregates": {"aggregates": []},
    "/compute/v2.1/os-quota-class-sets/default": {"quota_class_set": {}},
}


class Cloud(ThreadingHTTPServer):
    """``flavors`` are those that exist; a name in ``lost`` is made, but the answer to its maker gets lost.

    ``ids`` are those under which requests for flavors came, each once; ``computes`` run nova-compute, as Nova tells,
    which has just reported; ``addresses`` are those of hypervisors.
    A name in ``held`` is not deleted. Of all else there is none.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.flavors: dict[str, dict[str, Any]] = {}
        self.numbers = itertools.count(1)
        self.lost: set[str] = set()
        self.held: set[str] = set()
        self.ids: list[str] = []
        self.computes: tuple[str, ...] = ()
        self.addresses: dict[str, str] = {}
        self.regions: dict[str, Any] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Cloud

    def do_GET(self) -> None:
        path = self.path.partition("?")[0].rstrip("/")
        if path == "/v3":
            self.answer({"version": self.version("v3.14", "/v3")})
        elif path == "/compute/v2.1":
            self.answer({"version": {**self.version("v2.1", path), "version": "2.100", "min_version": "2.1"}})
        elif path == "/compute/v2.1/flavors/detail":
            self.note()
            self.answer({"flavors": list(self.server.flavors.values())})
        elif path.removeprefix("/compute/v2.1/flavors/") in self.server.flavors:
            self.answer({"flavor": self.server.flavors[path.rpartition("/")[2]]})
        elif path == "/compute/v2.1/os-services":
            self.answer({"services": [self.service(name) for name in self.server.computes]})
        elif path == "/compute/v2.1/os-hypervisors/detail":
            self.answer({"hypervisors": [self.hypervisor(*one) for one in self.server.addresses.items()]})
        elif path == "/v3/regions":
            self.answer({"regions": list(self.server.regions.values())})
        elif path in EMPTY:
            self.answer(EMPTY[path])
        elif path.startswith("/v3/"):
            self.answer({path.rpartition("/")[2]: [], "links": {}})
        else:
            self.answer({"error": {"message": f"no {path} here"}}, 404)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/v3/auth/tokens":
            self.answer({"token": self.token()}, 201)
            return
        if self.path == "/v3/regions":
            self.server.regions[body["region"]["id"]] = body["region"]
            self.answer(body, 201)
            return
        self.note()
        flavor = {**body["flavor"], "id": str(next(self.server.numbers)), "os-flavor-access:is_public": True}
        self.server.flavors[flavor["id"]] = flavor
        if any(word in flavor["name"] for word in self.server.lost):
            self.close_connection = True
        else:
            self.answer({"flavor": flavor})

    def do_DELETE(self) -> None:
        id = self.path.rpartition("/")[2]
        if self.path.startswith("/v3/regions/"):
            del self.server.regions[id]
            self.answer({}, 204)
            return
        if any(word in self.server.flavors[id]["name"] for word in self.server.held):
            self.answer({"conflictingRequest": {"message": "Flavor is in use.", "code": 409}}, 409)
            return
        del self.server.flavors[id]
        self.answer({}, 202)

    def note(self) -> None:
        id = self.headers["X-OpenStack-Request-ID"]
        if id not in self.server.ids:
            self.server.ids.append(id)

    def service(self, host: str) -> dict[str, Any]:
        return {"id": host, "binary": "nova-compute", "host": host, "state": "up", "status": "enabled",
                "updated_at": datetime.now(UTC).isoformat(), "forced_down": False, "zone": "nova"}  # fmt: skip

    def hypervisor(self, host: str, address: str) -> dict[str, Any]:
        return {"id": host, "hypervisor_hostname": host, "host_ip": address, "state": "up", "status": "enabled",
                "service": {"id": host, "host": host, "disabled_reason": None}}  # fmt: skip

    def version(self, id: str, path: str) -> dict[str, Any]:
        return {"id": id, "status": "CURRENT", "links": [{"rel": "self", "href": self.server.url + path}]}

    def token(self) -> dict[str, Any]:
        endpoint = {"interface": "public", "region": "north", "region_id": "north", "id": "1"}
        compute = {"type": "compute", "name": "nova", "id": "1"}
        endpoints = [{**endpoint, "url": f"{self.server.url}/compute/v2.1"}]
        identity = {"type": "identity", "name": "keystone", "id": "2"}
        keystone = [{**endpoint, "id": "2", "url": f"{self.server.url}/v3"}]
        return {
            "expires_at": "2099-01-01T00:00:00.000000Z", "issued_at": "2026-01-01T00:00:00.000000Z",
            "methods": ["password"], "user": {"id": "u", "name": "u", "domain": {"id": "default", "name": "Default"}},
            "project": {"id": "p", "name": "demo", "domain": {"id": "default", "name": "Default"}},
            "roles": [{"id": "r", "name": "admin"}],
            "catalog": [{**compute, "endpoints": endpoints}, {**identity, "endpoints": keystone}],
        }  # fmt: skip

    def answer(self, body: object, status: int = 200) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Subject-Token", "gAAAA-token")
        self.send_header("X-OpenStack-Request-ID", "req-of-the-service")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serve() -> Iterator[Cloud]:
    with serving(Cloud()) as cloud:
        yield cloud
