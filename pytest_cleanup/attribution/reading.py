"""What a request did, by its address and its answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from pytest_cleanup.attribution.act import CHANGED, DELETED, MADE
from pytest_cleanup.attribution.doors import Doors
from pytest_cleanup.attribution.exchange import Exchange


@dataclass(frozen=True, slots=True)
class Deed:
    """What was done to which thing; ``verb`` is one of an act's."""

    verb: str
    kind: str
    id: str
    name: str = ""
    project: str = ""


_CREATED, _REFUSED = 201, 400
#: What Keystone knows by nothing but its address, which is made by PUT.
_ADDRESSES = {
    "role_assignment": re.compile(
        r"(/OS-INHERIT)?(/system|/(projects|domains)/[^/]+)/(users|groups)/[^/]+/roles/[^/]+(/inherited_to_projects)?$"
    ),
    "membership": re.compile(r"/groups/[^/]+/users/[^/]+$"),
}
#: Where the answer names what it made, if not by ``id``.
_IDS = ("id", "uuid", "trust_id", "namespace")
_REFERENCES = ("secret_ref", "container_ref", "order_ref")


def deeds(exchange: Exchange, doors: Doors) -> Iterator[Deed]:
    """What an exchange did; one that was refused did nothing but for a deletion, which is told as it was asked.

    >>> from types import SimpleNamespace as Some
    >>> doors = Doors([Some(name="server", service="compute", path="/servers")])
    >>> answer = '{"server": {"id": "0a"}}'
    >>> [deed] = deeds(Exchange("POST", "http://n/v2.1/servers", "compute", 202, text=answer), doors)
    >>> deed.verb, deed.kind, deed.id
    ('made', 'server', '0a')
    >>> [deed] = deeds(Exchange("DELETE", "http://n/v2.1/servers/0a", "compute", 409), doors)
    >>> deed.verb, deed.kind, deed.id
    ('deleted', 'server', '0a')
    """
    parts = [unquote(part) for part in urlsplit(exchange.url).path.split("/") if part]
    if exchange.status >= _REFUSED and exchange.method != "DELETE":
        return
    if exchange.service == "object-store":
        yield from _of_store(exchange, parts)
    elif exchange.service == "identity" and (address := _by_address(exchange)):
        yield address
    elif found := doors.find(exchange.service, parts):
        kind, rest = found
        if kind == "keypair":
            yield from _of_keypair(exchange, rest)
        elif not rest:
            yield from _in_collection(exchange, kind)
        elif exchange.method == "DELETE" and len(rest) == 1:
            yield Deed(DELETED, kind, rest[0])
        elif exchange.method == "PUT" and exchange.status == _CREATED:
            yield Deed(MADE, kind, rest[0], rest[0])
        else:
            yield from _of_one(exchange, kind, rest)


def _by_address(exchange: Exchange) -> Deed | None:
    """A role that somebody was given or lost, or a group that somebody came into or left.

    >>> told = _by_address(Exchange("DELETE", "http://k/identity/v3/projects/p/users/u/roles/r", "identity", 204))
    >>> told.verb, told.kind, told.id
    ('deleted', 'role_assignment', '/projects/p/users/u/roles/r')
    """
    verb = {"PUT": MADE, "DELETE": DELETED}.get(exchange.method)
    path = urlsplit(exchange.url).path
    for kind, pattern in _ADDRESSES.items():
        if verb and (found := pattern.search(path)):
            return Deed(verb, kind, found[0])
    return None


def _in_collection(exchange: Exchange, kind: str) -> Iterator[Deed]:
    """What a request to a whole collection made: one thing, or several at once as Neutron can."""
    if exchange.method != "POST":
        return
    # Nova does not repeat the name that a server was asked to have.
    asked = next(iter(_rows(exchange.asked)), {})
    for one in _rows(exchange.body):
        if made := _made(one, kind, str(one.get("name") or asked.get("name") or "")):
            yield made


def _rows(body: Any) -> list[Mapping[str, Any]]:
    """The entries of a body, with an envelope or without one; links beside an envelope tell nothing.

    >>> _rows({"qos_specs": {"id": "0a"}, "links": []}), _rows({"id": "0b", "name": "an image"})
    ([{'id': '0a'}], [{'id': '0b', 'name': 'an image'}])
    """
    told = {name: value for name, value in body.items() if name != "links"} if isinstance(body, dict) else body
    inner = next(iter(told.values())) if isinstance(told, dict) and len(told) == 1 else body
    return [one for one in (inner if isinstance(inner, list) else [inner]) if isinstance(one, dict)]


def _made(one: Mapping[str, Any], kind: str, name: str) -> Deed | None:
    id = next((str(one[key]) for key in _IDS if one.get(key) is not None), "")
    id = id or next((str(one[key]).rpartition("/")[2] for key in _REFERENCES if one.get(key)), "")
    project = str(one.get("project_id") or one.get("tenant_id") or "")
    return Deed(MADE, kind, id or name, name, project) if id or name else None


def _of_one(exchange: Exchange, kind: str, rest: list[str]) -> Iterator[Deed]:
    """A request about one thing changes it; what it made beside that is told, too."""
    yield Deed(CHANGED, kind, rest[0])
    if rest[1:] == ["action"] and (image := _image(exchange)):
        yield Deed(MADE, "image", image)
    if rest[1:] == ["add_router_interface"] and isinstance(exchange.body, dict) and "port_id" not in exchange.asked:
        yield Deed(MADE, "port", str(exchange.body.get("port_id")))


def _of_keypair(exchange: Exchange, rest: list[str]) -> Iterator[Deed]:
    """A keypair is known by its user and its name.

    >>> answer = '{"keypair": {"name": "mine", "user_id": "u1"}}'
    >>> [made] = _of_keypair(Exchange("POST", "http://n/v2.1/os-keypairs", "compute", 201, text=answer), [])
    >>> made.id
    'u1/mine'
    """
    asked = dict(parse_qsl(urlsplit(exchange.url).query))
    made = exchange.body.get("keypair", {}) if exchange.method == "POST" else {}
    user, name = asked.get("user_id") or made.get("user_id") or exchange.user, made.get("name") or "".join(rest[:1])
    yield Deed(MADE if made else DELETED, "keypair", f"{user}/{name}", name)


def _image(exchange: Exchange) -> str:
    """The image that an action of a server or a volume made.

    >>> uploaded = '{"os-volume_upload_image": {"image_id": "1c", "status": "uploading"}}'
    >>> _image(Exchange("POST", "http://c/v3/volumes/0a/action", "block-storage", 202, text=uploaded))
    '1c'
    >>> location = {"Location": "http://glance/v2/images/2d"}
    >>> _image(Exchange("POST", "http://n/v2.1/servers/0a/action", "compute", 202, location))
    '2d'
    """
    body = exchange.body if isinstance(exchange.body, dict) else {}
    inner = body.get("os-volume_upload_image")
    told = (inner if isinstance(inner, dict) else body).get("image_id")
    parts = urlsplit(exchange.header("location")).path.split("/")
    return str(told or (parts[-1] if "images" in parts[:-1] else ""))


def _of_store(exchange: Exchange, parts: list[str]) -> Iterator[Deed]:
    """Containers and objects are made where they will be: ``/v1/AUTH_project/container/object``."""
    at = next((at for at, part in enumerate(parts) if part.startswith("AUTH_")), len(parts))
    account, names = parts[at : at + 1], parts[at + 1 :]
    if not account or not names:
        return
    project = account[0].removeprefix("AUTH_")
    kind, name = ("container", names[0]) if len(names) == 1 else ("object", "/".join(names))
    verb = {"PUT": MADE, "DELETE": DELETED}.get(exchange.method, CHANGED)
    yield Deed(verb, kind, f"{project}/{name}", name, project)
