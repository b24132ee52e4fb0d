"""Undoing what was made in Cinder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_whitebox.remove.gone import remove_all

if TYPE_CHECKING:
    from openstack.connection import Connection


def volume(connection: Connection, name: str) -> None:
    """Delete the volumes of this name and wait until they are gone."""
    storage: Any = connection.block_storage
    remove_all(name, lambda: storage.volumes(name=name), storage.delete_volume, "volume")


def snapshot(connection: Connection, name: str) -> None:
    """Delete the snapshots of this name and wait until they are gone."""
    storage: Any = connection.block_storage
    remove_all(name, lambda: storage.snapshots(name=name), storage.delete_snapshot, "volume snapshot")


def volume_type(connection: Connection, name: str) -> None:
    """Delete the volume types of this name, with their encryption."""
    storage: Any = connection.block_storage
    remove_all(name, storage.types, storage.delete_type, "volume type")
