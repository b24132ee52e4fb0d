"""What there is to see of a leak, by its kind: what its service says, its rows, and what users were told of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_cleanup.resource import Resource
from pytest_whitebox.evidence import servers
from pytest_whitebox.evidence.piece import LOST, Piece, as_json
from pytest_whitebox.server import Server

if TYPE_CHECKING:
    from pytest_whitebox.cloud import Cloud


class Rows(NamedTuple):
    """Rows of a table: ``columns`` has none that is a secret, or tells how to reach what is stored."""

    database: str
    table: str
    columns: str
    by: str = "id"

    @property
    def query(self) -> str:
        """The query, by the id of a resource."""
        return f"SELECT {self.columns} FROM {self.table} WHERE {self.by} = :id"  # noqa: S608 -- all are constants


_TIMES = "created_at, updated_at, deleted"
_ROWS: Mapping[str, tuple[Rows, ...]] = {
    "volume": (
        Rows("cinder", "volumes", f"status, attach_status, migration_status, previous_status, host, size, {_TIMES}"),
        Rows("cinder", "volume_attachment", f"id, instance_uuid, attached_host, attach_status, {_TIMES}", "volume_id"),
    ),
    "snapshot": (Rows("cinder", "snapshots", f"status, volume_id, progress, volume_size, {_TIMES}"),),
    "backup": (Rows("cinder", "backups", f"status, volume_id, fail_reason, host, num_dependent_backups, {_TIMES}"),),
    "port": (
        Rows("neutron", "ports", "status, device_id, device_owner, network_id"),
        Rows("neutron", "ml2_port_bindings", "host, vif_type, vnic_type, status", "port_id"),
    ),
}
#: What Cinder calls the kinds that it tells its users messages about.
_MESSAGES: Mapping[str, str] = {"volume": "VOLUME", "snapshot": "VOLUME_SNAPSHOT", "backup": "VOLUME_BACKUP"}
_MESSAGES_SINCE = "3.5"


def pieces(cloud: Cloud, resource: Resource) -> Iterator[Piece]:
    """All that there is to see of it; nothing is asked before a piece is looked at."""
    if resource.kind == "server":
        yield from _of_server(cloud, resource)
    if resource.kind in _ROWS:
        yield Piece("database.json", lambda: as_json(_rows(cloud, resource)))
    if resource.kind in _MESSAGES:
        yield Piece("messages.json", lambda: as_json(messages(cloud, resource)))


def _of_server(cloud: Cloud, resource: Resource) -> Iterator[Piece]:
    connection: Any = cloud.connection
    try:
        found = connection.compute.get_server(resource.id)
    except Exception as error:  # noqa: BLE001 -- what cannot be seen of it is told in its place
        lost = f"{LOST}{type(error).__name__}: {error}\n"
        yield Piece("server.txt", lambda: lost)
    else:
        yield from servers.pieces(Server(found, cloud))


def fault(cloud: Cloud, resource: Resource) -> str:
    """What its service itself says went wrong with it, in one sentence; empty if it says nothing."""
    if "error" not in (resource.status or "").lower():
        return ""
    connection: Any = cloud.connection
    try:
        if resource.kind == "server":
            return str((connection.compute.get_server(resource.id).fault or {}).get("message", ""))
        told = messages(cloud, resource) if resource.kind in _MESSAGES else []
        return str(max(told, key=lambda one: one["created_at"])["user_message"]) if told else ""
    except Exception:  # noqa: BLE001 -- that it is left is told in any case
        return ""


def messages(cloud: Cloud, resource: Resource) -> list[dict[str, Any]]:
    """What Cinder told its users of it."""
    storage: Any = cloud.connection.block_storage
    asked = {"resource_uuid": resource.id, "resource_type": _MESSAGES[resource.kind]}
    answer = storage.get("/messages", params=asked, microversion=_MESSAGES_SINCE).json()
    return [one for one in answer.get("messages", ()) if one.get("resource_uuid") == resource.id]


def _rows(cloud: Cloud, resource: Resource) -> dict[str, list[dict[str, Any]]]:
    found = {one.table: cloud.databases(one.database).rows(one.query, id=resource.id) for one in _ROWS[resource.kind]}
    return {table: [dict(row._mapping) for row in rows] for table, rows in found.items()}
