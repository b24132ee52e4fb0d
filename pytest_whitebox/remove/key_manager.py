"""Undoing what was made in Barbican."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_whitebox.remove.gone import remove_all

if TYPE_CHECKING:
    from openstack.connection import Connection


def secret(connection: Connection, name: str) -> None:
    """Delete the secrets of this name."""
    manager: Any = connection.key_manager
    remove_all(name, lambda: manager.secrets(name=name), lambda found: manager.delete_secret(found.secret_id), "secret")
