"""Undoing what was made in Cinder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_whitebox.remove.gone import remove_all

if TYPE_CHECKING:
    from openstack.connection import Connection

_ATTACHMENTS = "3.27"  # the microversion that has them
_PROMISED = ("reserved", "attaching")


def volume(connection: Connection, name: str) -> None:
    """Delete the volumes of this name and wait until they are gone."""
    storage: Any = connection.block_storage

    def delete(found: Any) -> None:
        if found.status in _PROMISED:
            _let_go(connection, found)
        storage.delete_volume(found)

    remove_all(name, lambda: storage.volumes(name=name), delete, "volume")


def snapshot(connection: Connection, name: str) -> None:
    """Delete the snapshots of this name and wait until they are gone."""
    storage: Any = connection.block_storage
    remove_all(name, lambda: storage.snapshots(name=name), storage.delete_snapshot, "volume snapshot")


def volume_type(connection: Connection, name: str) -> None:
    """Delete the volume types of this name, with their encryption."""
    storage: Any = connection.block_storage
    remove_all(name, storage.types, storage.delete_type, "volume type")


def _let_go(connection: Connection, volume: Any) -> None:
    """End what servers that are gone have of a volume: Nova forgets it of one that is deleted before it had a host."""
    storage: Any = connection.block_storage
    asked = {"params": {"volume_id": volume.id}, "microversion": _ATTACHMENTS}
    for attachment in storage.get("/attachments", **asked).json()["attachments"]:
        if not _exists(connection, attachment["instance"]):
            storage.delete(f"/attachments/{attachment['id']}", microversion=_ATTACHMENTS)


def _exists(connection: Connection, server: str) -> bool:
    from openstack.exceptions import NotFoundException

    compute: Any = connection.compute
    try:
        return bool(compute.get_server(server))
    except NotFoundException:
        return False
