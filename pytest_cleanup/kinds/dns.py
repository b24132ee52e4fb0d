"""What Designate has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pytest_cleanup.kind import Kind, Step
from pytest_cleanup.kinds.collection import Collection, Edge, Row
from pytest_cleanup.resource import Relation, Resource

if TYPE_CHECKING:
    from pytest_cleanup.view import View

_DNS = "dns"
_ALL = {"X-Auth-All-Projects": "true"}
_OWN = ("SOA", "NS")  # records that Designate makes


def _rows(path: str, key: str) -> Any:
    """Rows of all projects, which Designate wants to be asked for in a header."""

    def rows(view: View) -> list[Row]:
        return view.rows(_DNS, path, key, headers=_ALL)

    return rows


def _recordsets(view: View) -> list[Row]:
    rows = view.rows(_DNS, "/recordsets", "recordsets", headers=_ALL)
    return [{**row, "id": f"{row['zone_id']}/{row['id']}"} for row in rows if row["type"] not in _OWN]


def _zone_path(zone: Resource) -> str:
    return f"/zones/{zone.id}"


def _set(view: View, path: str, changed: Mapping[str, Any], verb: str = "PATCH") -> None:
    view.ask(verb, _DNS, path, json=dict(changed), headers=_ALL)


def _recordset_path(one: Resource) -> str:
    zone, id = one.id.split("/")
    return f"/zones/{zone}/recordsets/{id}"


def _delete(view: View, path: str) -> None:
    view.delete(_DNS, path, headers=_ALL)


def _plain(name: str, path: str, key: str, *fields: str, **more: Any) -> Collection:
    return Collection(
        **more, name=name, service=_DNS, path=path, rows=_rows(path, key), restored=fields,
        deletion=lambda view, one: _delete(view, f"{path}/{one.id}"),
        restoration=lambda view, one, changed: _set(view, f"{path}/{one.id}", changed),
    )  # fmt: skip


KINDS: tuple[Kind, ...] = (
    _plain(
        "zone",
        "/zones",
        "zones",
        "description",
        "email",
        "ttl",
        lingers=True,
        stuck=frozenset({"ERROR"}),
        ladder=(Step("abandon it", lambda view, zone: view.post(_DNS, f"{_zone_path(zone)}/tasks/abandon", None)),),
    ),
    Collection(
        name="recordset",
        service=_DNS,
        path="/recordsets",
        rows=_recordsets,
        restored=("description", "ttl", "records"),
        references=(Edge(Relation.PART_OF, "zone", "zone_id"),),
        lingers=True,
        deletion=lambda view, one: _delete(view, _recordset_path(one)),
        restoration=lambda view, one, changed: _set(view, _recordset_path(one), changed, "PUT"),
    ),
    _plain(
        "zone_transfer_request",
        "/zones/tasks/transfer_requests",
        "transfer_requests",
        "description",
        label="zone_name",
    ),
    _plain("tsigkey", "/tsigkeys", "tsigkeys", "name"),
    _plain("blacklist", "/blacklists", "blacklists", "pattern", "description", label="pattern"),
    _plain("tld", "/tlds", "tlds", "name", "description"),
)
