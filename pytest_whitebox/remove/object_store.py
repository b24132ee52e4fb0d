"""Undoing what was made in Swift."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openstack.connection import Connection


def container(connection: Connection, name: str) -> None:
    """Delete a container and its objects."""
    from openstack.exceptions import NotFoundException

    store: Any = connection.object_store
    try:
        for found in store.objects(name):
            store.delete_object(found, ignore_missing=True, container=name)
    except NotFoundException:
        return
    store.delete_container(name, ignore_missing=True)
