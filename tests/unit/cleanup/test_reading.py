"""What a request did, by its address and its answer."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_cleanup.attribution.doors import Doors
from pytest_cleanup.attribution.exchange import Exchange
from pytest_cleanup.attribution.reading import deeds
from pytest_cleanup.kinds import kinds

#: Kinds of which one's address is the end of the other's.
PLACES = (("policy", "/policies"), ("qos_policy", "/qos/policies"))
#: Method, address, service, status, answer, headers; and what it did: verb, kind, id, name.
#: Answers as Nova, Cinder, Neutron, Glance, Keystone and Swift of 2025.1 give them, shortened.
CASES: dict[str, tuple[tuple[Any, ...], list[tuple[str, str, str, str]]]] = {
    "server": (
        ("POST", "/v2.1/servers", "compute", 202, {"server": {"id": "0a", "adminPass": "x"}}),
        [("made", "server", "0a", "asked for")],
    ),
    "volume": (
        ("POST", "/v3/volumes", "block-storage", 202, {"volume": {"id": "1b", "name": "v"}}),
        [("made", "volume", "1b", "v")],
    ),
    "several ports at once": (
        ("POST", "/v2.0/ports", "network", 201, {"ports": [{"id": "1", "name": "a"}, {"id": "2", "name": "b"}]}),
        [("made", "port", "1", "a"), ("made", "port", "2", "b")],
    ),
    "image, without an envelope": (
        ("POST", "/v2/images", "image", 201, {"id": "2c", "name": "i", "status": "queued", "tags": []}),
        [("made", "image", "2c", "i")],
    ),
    "bytes of an image": (("PUT", "/v2/images/2c/file", "image", 204, {}), [("changed", "image", "2c", "")]),
    "image of a server": (
        ("POST", "/v2.1/servers/0a/action", "compute", 202, {"image_id": "3d"}),
        [("changed", "server", "0a", ""), ("made", "image", "3d", "")],
    ),
    "keypair of another user": (
        ("POST", "/v2.1/os-keypairs", "compute", 201, {"keypair": {"name": "k", "user_id": "u2", "private_key": "x"}}),
        [("made", "keypair", "u2/k", "k")],
    ),
    "deleted keypair": (
        ("DELETE", "/v2.1/os-keypairs/k?user_id=u2", "compute", 202, {}),
        [("deleted", "keypair", "u2/k", "k")],
    ),
    "policy within another path": (
        ("POST", "/v2.0/qos/policies", "network", 201, {"policy": {"id": "4e", "name": "p"}}),
        [("made", "qos_policy", "4e", "p")],
    ),
    "interface of a router": (
        ("PUT", "/v2.0/routers/5f/add_router_interface", "network", 200, {"id": "5f", "port_id": "6a"}),
        [("changed", "router", "5f", ""), ("made", "port", "6a", "")],
    ),
    "container in a project's account": (
        ("PUT", "/v1/AUTH_9d/left", "object-store", 201, {}),
        [("made", "container", "9d/left", "left")],
    ),
    "object": (
        ("PUT", "/v1/AUTH_9d/left/deep/o", "object-store", 201, {}),
        [("made", "object", "9d/left/deep/o", "left/deep/o")],
    ),
    "links beside an envelope": (
        ("POST", "/v3/qos-specs", "block-storage", 200, {"qos_specs": {"id": "7b", "name": "q"}, "links": [{}]}),
        [("made", "qos_spec", "7b", "q")],
    ),
    "namespace, which has no other id": (
        ("POST", "/v2/metadefs/namespaces", "image", 201, {"namespace": "left", "visibility": "private", "links": []}),
        [("made", "metadef_namespace", "left", "")],
    ),
    "refused deletion": (
        ("DELETE", "/v3/volumes/1b", "block-storage", 400, {"badRequest": {"message": "attached"}}),
        [("deleted", "volume", "1b", "")],
    ),
    "refused change": (("PUT", "/v2.0/routers/5f", "network", 409, {"NeutronError": {"message": "in use"}}), []),
    "token": (("POST", "/v3/auth/tokens", "identity", 201, {"token": {"user": {"id": "u"}}}), []),
    "service that nobody knows": (("POST", "/v1/things", "things", 201, {"thing": {"id": "7"}}), []),
}


@pytest.mark.parametrize("case", CASES)
def test_what_a_request_did(case: str) -> None:
    (method, path, service, status, answer), expected = CASES[case]
    sent = json.dumps({"server": {"name": "asked for"}}) if case == "server" else ""
    exchange = Exchange(method, f"http://cloud.example{path}", service, status, text=json.dumps(answer), sent=sent)

    found = [(deed.verb, deed.kind, deed.id, deed.name) for deed in deeds(exchange, Doors(kinds().values()))]
    assert found == expected


@pytest.mark.parametrize(("path", "kind"), [("v2.0/policies", "policy"), ("v2.0/qos/policies", "qos_policy")])
def test_longest_address_counts(path: str, kind: str) -> None:
    known = [SimpleNamespace(name=name, service="network", path=path) for name, path in PLACES]
    for doors in (Doors(known), Doors(reversed(known))):
        assert doors.find("network", [*path.split("/"), "7f"]) == (kind, ["7f"])


def test_every_kind_with_an_address_has_a_door() -> None:
    placed = [kind for kind in kinds().values() if getattr(kind, "path", "").strip("/") and "{" not in kind.path]  # type: ignore[attr-defined]
    doors = Doors(kinds().values())
    assert len(placed) > 20

    lost = []
    for kind in placed:
        found = doors.find(kind.service, [*getattr(kind, "path").strip("/").split("/"), "id"])  # noqa: B009
        if found is None or found[1] != ["id"]:
            lost.append(kind.name)
    assert lost == []
