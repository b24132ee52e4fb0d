"""The surface of an OpenStack's APIs: an HTTP server on loopback with things in it that hold each other.

It has what a tool needs that lists, deletes and sets back things: Keystone, Nova, Cinder, Neutron and Glance, each
with their words, their pages, their ways of deleting, and their refusals. What it was asked, and what it has deleted,
is written down; `fail` and `delay` make it what a cloud is on a bad day.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR
from threading import Event, RLock
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from tests.doubles.serving import serving

Row = dict[str, Any]
#: Whether a request fails, and with what status; 0 for none.
Fault = Callable[[str, str, str], int]
#: What goes wrong behind a request, by method, service and path: "lost" is carried out and never answered, "untold"
#: is carried out and answered with 500, "forgotten" is answered and never carried out, "twice" is carried out twice, an
#: "error" is what it makes; empty for nothing.
Mishap = Callable[[str, str, str], str]

CORE = {"identity": "v3", "compute": "v2.1", "block-storage": "v3", "network": "", "image": ""}
#: Collections by service and path, with the name that an answer has for all and for one.
_NAMES = {
    ("block-storage", "types"): ("volume_types", "volume_type"),
    ("block-storage", "volume-transfers"): ("transfers", "transfer"),
    ("block-storage", "qos-specs"): ("qos_specs", "qos_specs"),
    ("block-storage", "os-services"): ("services", "service"),
    ("compute", "os-aggregates"): ("aggregates", "aggregate"),
    ("compute", "os-keypairs"): ("keypairs", "keypair"),
    ("compute", "os-server-groups"): ("server_groups", "server_group"),
    ("compute", "os-services"): ("services", "service"),
    ("image", "metadefs/namespaces"): ("namespaces", "namespace"),
    ("network", "qos/policies"): ("policies", "policy"),
    ("shared-file-system", "types"): ("share_types", "share_type"),
}
#: What is made by a POST: the status of the answer, and what stands in the row; others have 201 and no more.
_MADE: dict[tuple[str, str], tuple[int, Row]] = {
    ("block-storage", "volumes"): (202, {"status": "creating"}),
    ("compute", "os-keypairs"): (200, {}),
    ("compute", "servers"): (202, {"status": "BUILD"}),
    ("identity", "application_credentials"): (201, {}),
    ("image", "images"): (201, {"status": "queued"}),
    ("network", "networks"): (201, {"status": "ACTIVE"}),
}
#: The tokens of those who work in a project, and in the whole system.
TOKEN, SYSTEM = "gAAAA-token", "gAAAA-system"
_ROLE = re.compile(r"^(system|projects/[^/]+|domains/[^/]+)/users/[^/]+/roles/[^/]+$")
_DETAIL = re.compile(r"/detail$")
#: Collections whose addresses have more than one part.
_NESTED = re.compile(
    r"(^(vpn|fwaas|bgpvpn|sfc|taas|lbaas|mgmt)/[\w-]+|OS-\w+/\w+|/application_credentials|groups/[^/]+/users|/members|/port_forwardings)$"
)


@dataclass
class Openstack:
    """What the cloud has: rows by (service, collection), then by id; ``page`` rows in one answer."""

    things: dict[tuple[str, str], dict[str, Row]] = field(default_factory=dict)
    services: dict[str, str] = field(default_factory=lambda: dict(CORE))
    page: int = 1000
    delay: float = 0.0
    fail: Fault = lambda method, service, path: 0
    mishap: Mishap = lambda method, service, path: ""
    #: What it says when it fails.
    words: str = "it fails on purpose"
    extensions: tuple[str, ...] = ("trunk", "qos", "rbac-policies", "subnet_allocation", "quotas")
    roles: tuple[str, ...] = ("admin", "member")
    #: Addresses of roles that somebody was given; rows of role assignments are not made of them.
    given: set[str] = field(default_factory=set)
    #: Endpoints that are not here, by service.
    elsewhere: dict[str, str] = field(default_factory=dict)
    #: How often a server that is deleted is still listed.
    slow: int = 1
    ahead: float = 0.0
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    #: What each of these requests said, if it was JSON.
    said: list[Any] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    _going: dict[str, int] = field(default_factory=dict)
    _starting: dict[str, int] = field(default_factory=dict)
    lock: RLock = field(default_factory=RLock)

    def put(self, service: str, collection: str, **row: Any) -> Row:
        """Have something in the cloud."""
        with self.lock:
            row.setdefault("id", f"{collection.rstrip('s')}-{len(self.of(service, collection)) + 1}")
            self.of(service, collection)[row["id"]] = row
            return row

    def of(self, service: str, collection: str) -> dict[str, Row]:
        """The rows of a collection."""
        return self.things.setdefault((service, collection), {})

    def ids(self) -> set[str]:
        """Everything there is."""
        with self.lock:
            return {id for rows in self.things.values() for id in rows}

    @property
    def calls(self) -> Counter[str]:
        """How often it was asked, by method."""
        return Counter(method for method, _, _ in self.asked)

    def holders(self, service: str, collection: str, id: str) -> list[str]:
        """What does not let this be deleted."""
        return [holder for (where, name), rows in self.things.items() for holder, row in rows.items()
                if _holds(f"{where} {name}", row, f"{service} {collection}", id)]  # fmt: skip

    def remove(self, service: str, collection: str, id: str) -> tuple[int, str]:
        """Delete something as its service does: the status, and the words of a refusal."""
        row = self.of(service, collection).get(id)
        if row is None:
            return 404, f"no {collection} {id}"
        if (service, collection) == ("identity", "domains") and row.get("enabled", True):
            return 403, f"domain {id} is enabled"
        if row.get("protected") or row.get("undeletable"):
            return 403, f"{id} is protected"
        if row.get("status") in ("attaching", "in-use", "awaiting-transfer"):
            return 400, f"Volume {id} must not be {row['status']}"
        if holders := self.holders(service, collection, id):
            return 409, f"{id} is in use by {', '.join(sorted(holders))}"
        if (service, collection) == ("compute", "servers") and self.slow:
            row["status"] = "DELETING"
            self._going.setdefault(id, self.slow)
        else:
            self.drop(service, collection, id)
        return 202 if service == "block-storage" or collection == "os-keypairs" else 204, ""

    def drop(self, service: str, collection: str, id: str) -> None:
        """It is gone, and with it what goes along."""
        if self.of(service, collection).pop(id, None) is None:
            return
        self.deleted.append(id)
        for (where, name), rows in list(self.things.items()):
            for other, row in list(rows.items()):
                if _goes_along(f"{where} {name}", row, f"{service} {collection}", id):
                    self.drop(where, name, other)
                elif row.get("device_id") == id:
                    row.update(device_id="", device_owner="")

    def tick(self) -> None:
        """Servers were looked at: those on their way are a step further."""
        for id in list(self._starting):
            self._starting[id] -= 1
            if self._starting[id] < 0:
                del self._starting[id]
                self.of("compute", "servers").get(id, {})["status"] = "ACTIVE"
        for id in list(self._going):
            self._going[id] -= 1
            if self._going[id] < 0:
                del self._going[id]
                row = self.of("compute", "servers").get(id, {})
                for volume in row.get("os-extended-volumes:volumes_attached", ()):
                    if volume["delete_on_termination"]:
                        self.drop("block-storage", "volumes", volume["id"])
                    elif kept := self.of("block-storage", "volumes").get(volume["id"]):
                        kept["status"] = "available"
                self.drop("compute", "servers", id)


def _holds(holder: str, row: Row, held: str, id: str) -> bool:
    """True if a row keeps another from being deleted."""
    if held == "network networks":
        return holder == "network ports" and row["network_id"] == id and row.get("device_owner") != "network:dhcp"
    if held == "network subnets":
        fixed = [one["subnet_id"] for one in row.get("fixed_ips", ())]
        return holder == "network ports" and id in fixed and row.get("device_owner") != "network:dhcp"
    if held == "network routers":
        return holder == "network ports" and row.get("device_id") == id and "interface" in row["device_owner"]
    if held == "network security-groups":
        return holder == "network ports" and id in row.get("security_groups", ())
    if held == "network ports":
        return holder == "network trunks" and row["port_id"] == id
    if held == "block-storage volumes":
        return holder == "block-storage snapshots" and row["volume_id"] == id
    return False


def _goes_along(goer: str, row: Row, gone: str, id: str) -> bool:
    """True if a row goes with another."""
    if gone == "network networks":
        return goer in ("network subnets", "network ports") and row["network_id"] == id
    return (
        gone == "compute servers" and goer == "network ports" and row["device_id"] == id and row.get("by_nova", False)
    )


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, cloud: Openstack) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.cloud = cloud
        self.patience = Event()


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    subject = TOKEN
    etag = ""

    def do_GET(self) -> None:
        self.handle_any()

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def handle_any(self) -> None:
        cloud = self.server.cloud
        size = int(self.headers.get("Content-Length") or 0)
        sent, self.etag = self.rfile.read(size), ""
        body = json.loads(sent) if sent.startswith((b"{", b"[")) else {}
        parts = urlsplit(self.path)
        _, service, *rest = parts.path.split("/")
        versioned = bool(rest) and rest[0].startswith("v") and rest[0][1:2].isdigit()
        path = "/".join(rest[versioned:]).strip("/") if service in cloud.services else ""
        with cloud.lock:
            cloud.asked.append((self.command, service, path))
            cloud.said.append(body)
        if cloud.delay:
            self.server.patience.wait(cloud.delay)
        if status := cloud.fail(self.command, service, path):
            self.answer(status, {"message": cloud.words})
            return
        if (mishap := cloud.mishap(self.command, service, path)) and self.go_wrong(mishap, service, path, body):
            return
        with cloud.lock:
            if path == "auth/tokens":
                self.subject = SYSTEM if "system" in str(body.get("auth", {}).get("scope")) else TOKEN
                self.answer(201 if self.command == "POST" else 200, {"token": self.token()})
            elif service == "object-store" and path:
                self.answer(*self.store(path, sent))
            elif not path:
                told = {"version": self.version(service)}
                stable = [{**told["version"], "status": "stable"}]
                listed: Any = {"values": stable} if service == "identity" else [told["version"]]
                self.answer(200, told if versioned else {"versions": listed})
            else:
                query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
                self.answer(*self.ask(service, _DETAIL.sub("", path), query, body))

    def ask(self, service: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        """The status and the body of an answer."""
        cloud = self.server.cloud
        collection, _, id = path.rpartition("/") if (service, path) not in _NAMES else (path, "", "")
        if not collection or _NESTED.search(path):
            collection, id = path, ""
        fixed = _FIXED.get(path)
        if fixed is not None:
            return 200, fixed if path != "extensions" else {"extensions": [{"alias": one} for one in cloud.extensions]}
        if path.endswith("/remove_router_interface"):
            return self.take_off(body["port_id"])
        if "/os-volume_attachments/" in path and self.command == "PUT":
            return self.keep_volume(path.split("/")[1], id)
        if path.endswith("/action"):
            return self.act(service, collection, body)
        if path.startswith("os-quota-sets/"):
            return 200, {"quota_set": {}}
        if (service, path) == ("block-storage", "types/default"):
            return self.default_type()
        if service == "block-storage" and collection.startswith("types/"):
            return 200, {}
        if service == "identity" and _ROLE.match(path):
            return self.give(path)
        if (service, path, self.command) == ("identity", "regions", "POST"):
            return self.make_region(body["region"])
        if not id and self.command == "POST":
            return self.make(service, collection, body)
        if not id:
            status, told = self.listing(service, collection, query)
            if path in ("servers", "volumes") and not self.path.partition("?")[0].endswith("/detail"):
                told[path] = [{"id": row["id"], "name": row["name"], "links": []} for row in told[path]]
            return status, told
        return self.item(service, collection, id, body)

    def go_wrong(self, mishap: str, service: str, path: str, body: Any) -> bool:
        """Do what a mishap does; true if that is all that is done."""
        with self.server.cloud.lock:
            if mishap == "forgotten":
                status, _ = _MADE.get((service, path.rpartition("/")[2]), (202, {}))
                self.answer(status, body)
                return True
            self.ask(service, path, {}, body)
            if mishap == "lost":
                self.close_connection = True
                self.connection.shutdown(SHUT_RDWR)
            elif mishap == "untold":
                self.answer(500, {"message": "it went wrong afterwards"})
            elif mishap == "error":
                *_, row = self.server.cloud.of(service, path).values()
                row["status"] = "error"
                self.answer(202, {path.rstrip("s"): row})
        return mishap != "twice"

    def make(self, service: str, collection: str, body: Any) -> tuple[int, Any]:
        """Something new; a volume is not there at once, and Keystone lets no two have one name."""
        cloud = self.server.cloud
        status, more = _MADE.get((service, collection.rpartition("/")[2]), (201, {}))
        key, given = ("", body) if service == "image" else next(iter(body.items()))
        taken = {row["name"] for row in cloud.of(service, collection).values()} if service == "identity" else ()
        if given.get("networks") == "none" and self.headers.get("OpenStack-API-Version") != "compute 2.37":
            return 400, {"badRequest": {"message": "Invalid input for field/attribute networks. Value: none."}}
        if given.get("name") in taken:
            return 409, {"error": {"message": f"there is a {key} {given['name']}"}}
        known = {"id": given["name"]} if key == "keypair" else {"id": str(uuid4())}
        row = cloud.put(service, collection, **{**known, **more, **given})
        if key == "server":
            cloud._starting[row["id"]] = cloud.slow
            return status, {key: {"id": row["id"], "links": [], "adminPass": "nb7Tcm3XJK2i"}}
        return status, {key: dict(row)} if key else dict(row)

    def store(self, path: str, sent: bytes) -> tuple[int, Any]:
        """Containers and objects."""
        if path == "info":
            return 200, {"swift": {}}
        objects, name = self.server.cloud.of("object-store", "objects"), path.partition("/")[2]
        if self.command == "PUT":
            row = self.server.cloud.put("object-store", "objects", id=name, content=sent)
            row["etag"] = md5(sent, usedforsecurity=False).hexdigest()
            self.etag = row["etag"]
            return 201, None
        if name and name not in objects:
            return 404, None
        if self.command == "DELETE":
            self.server.cloud.drop("object-store", "objects", name)
            return 204, None
        self.etag = objects[name]["etag"] if name else ""
        return (200, objects[name]["content"]) if name else (204, None)

    def give(self, path: str) -> tuple[int, Any]:
        """A role is given, taken back, or looked for."""
        given = self.server.cloud.given
        if self.command == "PUT":
            given.add(path)
        elif path not in given:
            return 404, {"error": {"message": f"no {path}"}}
        elif self.command == "DELETE":
            given.remove(path)
        return 204, None

    def make_region(self, row: Row) -> tuple[int, Any]:
        """Keystone makes none whose id is taken."""
        cloud = self.server.cloud
        if row["id"] in cloud.of("identity", "regions"):
            return 409, {"error": {"message": f"there is a region {row['id']}"}}
        return 201, {"region": cloud.put("identity", "regions", **row)}

    def default_type(self) -> tuple[int, Any]:
        """The type of volumes for which none is named."""
        types = self.server.cloud.of("block-storage", "types").values()
        found = next((row for row in types if row["name"] == "__DEFAULT__"), None)
        return (200, {"volume_type": found}) if found else (404, {"error": {"message": "there is no default type"}})

    def listing(self, service: str, collection: str, query: dict[str, str]) -> tuple[int, Any]:
        """A page of a collection."""
        cloud = self.server.cloud
        key, _ = _NAMES.get((service, collection), (collection.rpartition("/")[2].replace("-", "_"), ""))
        if (service, collection) == ("compute", "servers"):
            cloud.tick()
        filters = {name: query[name] for name in ("user_id", "volume_id") if name in query}.items()
        all_ = [dict(row) for row in cloud.of(service, collection).values()]
        for row in cloud.of(service, collection).values():
            # It is seen once on its way.
            row.update({"status": "available"} if row.get("status") == "creating" else {})
        rows = [row for row in all_ if all(str(row.get(name)) == value for name, value in filters)]
        if query.get("os_hidden") == "true":
            rows = []
        if collection == "limits" and self.headers["X-Auth-Token"] != SYSTEM:
            rows = [row for row in rows if row["project_id"] == "admin-project"]
        start = int(query.get("marker", query.get("offset", 0)))
        page = rows[start : start + cloud.page]
        told: dict[str, Any] = {key: page}
        if start + cloud.page < len(rows) and "offset" not in query:
            here = f"{self.url}{self.path.partition('?')[0]}?marker={start + cloud.page}"
            told[f"{key}_links"] = [{"rel": "next", "href": here}]
        return 200, told

    def item(self, service: str, collection: str, id: str, body: Any) -> tuple[int, Any]:
        """One thing: told, changed, or deleted."""
        cloud = self.server.cloud
        if self.command == "DELETE":
            status, words = cloud.remove(service, collection, id)
            return status, {"error": {"message": words}} if words else None
        if (service, collection) == ("compute", "servers"):
            cloud.tick()
        if collection == "limits" and self.command == "PATCH" and self.headers["X-Auth-Token"] != SYSTEM:
            return 403, {"error": {"message": "limits are the system's"}}
        row = cloud.of(service, collection).get(id)
        if row is None and service not in CORE:
            row = next((one for one in cloud.of(service, collection).values() if one.get("uuid") == id), None)
        if row is None:
            return 404, {"error": {"message": f"no {id}"}}
        if self.command == "PATCH" and isinstance(body, list):
            row.update({one["path"][1:]: one["value"] for one in body})
        elif self.command in ("PUT", "PATCH"):
            row.update(next(iter(body.values())))
        name = collection.rpartition("/")[2].rstrip("s").replace("-", "_")
        return 200, row if service == "image" else {name: row}

    def act(self, service: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        """What is done to servers and volumes."""
        cloud = self.server.cloud
        collection, _, id = path.rpartition("/")
        row = cloud.of(service, collection).get(id)
        if row is None:
            return 404, {"error": {"message": f"no {id}"}}
        ((action, value),) = body.items()
        if action in ("forceDelete", "os-force_delete"):
            row.pop("undeletable", None)
            cloud.drop(service, collection, id)
        elif action == "os-start":
            if id in cloud._starting:
                return 409, {"conflictingRequest": {"message": f"Cannot 'start' instance {id} while it is powering-on"}}
            cloud._starting[id] = cloud.slow
        elif action in ("os-reset_status", "os-resetState"):
            row["status"] = value.get("status", value.get("state", "error"))
        return 202, None

    def keep_volume(self, server: str, volume: str) -> tuple[int, Any]:
        """A volume does not go along with its server any more."""
        for one in self.server.cloud.of("compute", "servers")[server]["os-extended-volumes:volumes_attached"]:
            if one["id"] == volume:
                one["delete_on_termination"] = False
        return 202, None

    def take_off(self, port: str) -> tuple[int, Any]:
        """A router's interface goes with its port."""
        self.server.cloud.drop("network", "ports", port)
        return 200, {}

    def version(self, service: str) -> dict[str, Any]:
        version = self.server.cloud.services[service]
        newest = {"compute": "2.96", "block-storage": "3.70"}.get(service, "")
        links = [{"rel": "self", "href": f"{self.url}/{service}/{version}"}]
        return {"id": version, "status": "CURRENT", "version": newest, "min_version": newest, "links": links}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def token(self) -> dict[str, Any]:
        catalog = [
            {"type": name, "name": name, "id": name, "endpoints": [
                {"id": f"{name}-endpoint", "interface": "public", "region": "north", "region_id": "north",
                 "url": self.server.cloud.elsewhere.get(name) or f"{self.url}/{name}/{version}".rstrip("/")}]}
            for name, version in self.server.cloud.services.items()
        ]  # fmt: skip
        now = datetime.fromtimestamp(datetime.now(UTC).timestamp() + self.server.cloud.ahead, UTC)
        domain = {"id": "default", "name": "Default"}
        return {
            "expires_at": "2099-01-01T00:00:00.000000Z", "issued_at": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "methods": ["password"], "user": {"id": "admin-user", "name": "admin", "domain": domain},
            "project": {"id": "admin-project", "name": "admin", "domain": domain}, "catalog": catalog,
            "roles": [{"id": name, "name": name} for name in self.server.cloud.roles],
        }  # fmt: skip

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The cloud's clock."""
        now = datetime.now(UTC).timestamp() if timestamp is None else timestamp
        return format_datetime(datetime.fromtimestamp(now + self.server.cloud.ahead, UTC), usegmt=True)

    def answer(self, status: int, body: Any) -> None:
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Subject-Token", self.subject)
        if self.etag:
            self.send_header("Etag", self.etag)
        self.send_header("X-OpenStack-Request-ID", f"req-{len(self.server.cloud.asked)}")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


_FIXED: dict[str, Any] = {
    "extensions": {}, "os-quota-class-sets/default": {"quota_class_set": {}}, "os-hypervisors": {"hypervisors": []},
}  # fmt: skip


@contextmanager
def serve(cloud: Openstack) -> Iterator[str]:
    """The cloud at an address of its own, which is that of its Keystone."""
    with serving(_Server(cloud)) as server:
        try:
            yield f"http://127.0.0.1:{server.server_port}/identity/v3"
        finally:
            server.patience.set()


def connected(auth_url: str) -> Any:
    """openstacksdk's connection to it, whatever variables and files say."""
    import openstack

    login: dict[str, Any] = {name.removeprefix("OS_").lower(): text for name, text in environment(auth_url).items()}
    return openstack.connect(load_yaml_config=False, load_envvars=False, **login)


def environment(auth_url: str) -> dict[str, str]:
    """The variables that lead OpenStack's clients to it."""
    return {
        "OS_AUTH_URL": auth_url, "OS_USERNAME": "admin", "OS_PASSWORD": "any", "OS_PROJECT_NAME": "admin",
        "OS_USER_DOMAIN_ID": "default", "OS_PROJECT_DOMAIN_ID": "default", "OS_REGION_NAME": "north",
        "OS_IDENTITY_API_VERSION": "3",
    }  # fmt: skip
