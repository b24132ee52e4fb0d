"""Undoing what was made in Keystone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_whitebox.remove.gone import remove_all

if TYPE_CHECKING:
    from openstack.connection import Connection


def user(connection: Connection, name: str) -> None:
    """Delete the users of this name and wait until they are gone."""
    identity: Any = connection.identity
    remove_all(name, lambda: identity.users(name=name), identity.delete_user, "user")
