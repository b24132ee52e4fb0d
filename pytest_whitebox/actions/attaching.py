"""Volumes and ports that come to a server and go; what is attached is noted in the ledger of whoever made it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_whitebox.actions.settle import PATIENCE, ask, settle

if TYPE_CHECKING:
    from pytest_whitebox.server import Server

_VOLUME, _PORT = "2.79", "2.70"


def attach_volume(server: Server, volume: Any, *, timeout: float = PATIENCE, **options: Any) -> Any:
    """Attach a volume and wait until it is in use; returns Nova's record of the attachment."""
    server.note(f"attachment of volume {volume.name} to {server.name}", lambda: _let_go(server, volume))
    body = {"volumeAttachment": {"volumeId": volume.id, **options}}
    request = ask(server, "os-volume_attachments", body, _VOLUME)

    def in_use() -> bool:
        return bool(_volume(server, volume).status == "in-use")

    settle(server, request, in_use, to=f"get volume {volume.name}", timeout=timeout)
    return next(found for found in _attachments(server) if found.volume_id == volume.id)


def detach_volume(server: Server, volume: Any, *, timeout: float = PATIENCE) -> Server:
    """Detach a volume and wait until the guest has let go of it."""
    request = ask(server, f"os-volume_attachments/{volume.id}", None, _VOLUME)

    def gone() -> bool:
        attached = any(found.volume_id == volume.id for found in _attachments(server))
        return not attached and _volume(server, volume).status not in ("in-use", "detaching")

    return settle(server, request, gone, to=f"let go of volume {volume.name}", timeout=timeout)


def attach_port(server: Server, port: Any, *, timeout: float = PATIENCE) -> Server:
    """Plug a port into the guest."""
    server.note(f"attachment of port {port.name} to {server.name}", lambda: _unplug(server, port))
    request = ask(server, "os-interface", {"interfaceAttachment": {"port_id": port.id}}, _PORT)
    return settle(server, request, lambda: _plugged(server, port), to=f"get port {port.name}", timeout=timeout)


def detach_port(server: Server, port: Any, *, timeout: float = PATIENCE) -> Server:
    """Unplug a port and wait until the guest has let go of it."""
    request = ask(server, f"os-interface/{port.id}", None, _PORT)
    return settle(server, request, lambda: not _plugged(server, port), to=f"let go of {port.name}", timeout=timeout)


def _let_go(server: Server, volume: Any) -> None:
    if any(found.volume_id == volume.id for found in _attachments(server)):
        detach_volume(server, volume)


def _unplug(server: Server, port: Any) -> None:
    if _plugged(server, port):
        detach_port(server, port)


def _attachments(server: Server) -> list[Any]:
    compute: Any = server.cloud.connection.compute
    return list(compute.volume_attachments(server.id))


def _plugged(server: Server, port: Any) -> bool:
    compute: Any = server.cloud.connection.compute
    return any(found.port_id == port.id for found in compute.server_interfaces(server.id))


def _volume(server: Server, volume: Any) -> Any:
    storage: Any = server.cloud.connection.block_storage
    return storage.get_volume(volume.id)
