"""A server from all sides: Nova's API and database, libvirt and QEMU, Placement, Neutron and Cinder."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pytest_whitebox.actions.settle import fault
from pytest_whitebox.evidence.piece import Piece, as_json

if TYPE_CHECKING:
    from pytest_whitebox.server import Server

_CONSOLE_LINES, _QEMU_LINES = 200, 200
_QEMU_LOG = "/var/log/libvirt/qemu/{}.log"
_HIDDEN = ("admin_password", "adminPass", "user_data", "location")
#: What libvirt gives to QEMU for the keys of encrypted disks.
_KEYS = re.compile(r'(?<="data":")[^"]*')
_ROWS: Mapping[str, str] = {
    "instances": "SELECT vm_state, task_state, power_state, host, node, launched_on, cleaned, hidden, deleted, "
    "created_at, updated_at FROM instances WHERE uuid = :id",
    "block_device_mapping": "SELECT source_type, destination_type, device_name, boot_index, volume_id, image_id, "
    "attachment_id, volume_size, delete_on_termination, deleted, created_at, updated_at "
    "FROM block_device_mapping WHERE instance_uuid = :id",
    "migrations": "SELECT uuid, migration_type, status, source_compute, dest_compute, source_node, dest_node, "
    "created_at, updated_at FROM migrations WHERE instance_uuid = :id",
}
_PORT = ("id", "name", "status", "is_admin_state_up", "mac_address", "fixed_ips", "device_owner")
_ATTACHMENT = ("id", "status", "volume_id", "attached_at", "detached_at", "attach_mode")


def pieces(server: Server) -> Iterator[Piece]:
    """All that there is to see of a server."""
    name = server.name
    yield Piece(f"fault-{name}.txt", lambda: _fault(server))
    yield Piece(f"actions-{name}.txt", lambda: _actions(server))
    yield Piece(f"server-{name}.json", lambda: as_json(_shown(server)))
    yield Piece(f"migrations-{name}.json", lambda: as_json([_plain(one) for one in server.migrations]))
    yield Piece(f"domain-{name}.xml", lambda: server.domain.xml)
    yield Piece(f"domain-{name}-inactive.xml", lambda: server.inactive_domain.xml)
    yield Piece(f"console-{name}.log", lambda: _end(server.console_log, _CONSOLE_LINES))
    yield Piece(f"qemu-{name}.log", lambda: _qemu(server))
    yield Piece(f"database-{name}.json", lambda: as_json(_rows(server)))
    yield Piece(f"allocations-{name}.json", lambda: as_json(_allocations(server)))
    yield Piece(f"ports-{name}.json", lambda: as_json(_ports(server)))
    yield Piece(f"attachments-{name}.json", lambda: as_json(_attachments(server)))


def _fault(server: Server) -> str:
    said = fault(server.refresh())
    details = (server.resource.fault or {}).get("details") or ""
    return f"{said}\n\n{details}\n" if said else ""


def _actions(server: Server) -> str:
    """Each action with its steps, the oldest first, and the traceback of each step that failed."""
    compute: Any = server.cloud.connection.compute
    lines = []
    for done in reversed(server.actions):
        lines.append(f"{done.name} ({done.request_id}){': failed' if done.failed else ''}")
        events = compute.get_server_action(done.request_id, server.id).events or ()
        for event in sorted(events, key=lambda one: one["start_time"]):
            ended = event.get("finish_time") or "not over"
            lines.append(f"  {event['start_time']} to {ended}: {event['event']} on {event.get('host') or '?'}: "
                         f"{event.get('result') or 'not over'}")  # fmt: skip
            lines += [f"    {line}" for line in (event.get("traceback") or "").splitlines()]
    return "\n".join(lines) + "\n"


def _shown(server: Server) -> dict[str, Any]:
    return _plain(server.refresh().resource)


def _plain(resource: Any) -> dict[str, Any]:
    facts = resource.to_dict(computed=False)
    return {key: value for key, value in facts.items() if value is not None and key not in _HIDDEN}


def _qemu(server: Server) -> str:
    log = _QEMU_LOG.format(server.resource.instance_name)
    said = server.host.run(["tail", "-n", str(_QEMU_LINES), "--", log]).stdout
    return _KEYS.sub("***", said)


def _rows(server: Server) -> dict[str, list[dict[str, Any]]]:
    """Rows of Nova's database, without what tells how to reach a volume."""
    cell = server.cloud.databases.cell_of(server)
    found = {table: cell.rows(query, id=server.id) for table, query in _ROWS.items()}
    return {table: [dict(row._mapping) for row in rows] for table, rows in found.items()}


def _allocations(server: Server) -> Any:
    placement: Any = server.cloud.connection.placement
    return placement.get(f"/allocations/{server.id}", microversion="1.12").json().get("allocations")


def _ports(server: Server) -> list[dict[str, Any]]:
    """Its ports, and how they are bound."""
    network: Any = server.cloud.connection.network
    ports = network.ports(device_id=server.id)
    return [{key: value for key, value in one.to_dict().items() if key in _PORT or "bind" in key} for one in ports]


def _attachments(server: Server) -> list[dict[str, Any]]:
    """Its volumes as Cinder has them, without what tells how to reach them."""
    storage: Any = server.cloud.connection.block_storage
    answer = storage.get("/attachments/detail", params={"instance_id": server.id}, microversion="3.27").json()
    return [{key: one.get(key) for key in _ATTACHMENT} for one in answer.get("attachments", ())]


def _end(text: str, lines: int) -> str:
    return "\n".join(text.splitlines()[-lines:]) + "\n"
