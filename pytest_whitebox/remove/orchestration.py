"""Undoing what was made in Heat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_whitebox.remove.gone import remove_all

if TYPE_CHECKING:
    from openstack.connection import Connection


def stack(connection: Connection, name: str) -> None:
    """Delete the stacks of this name, with all that they made, and wait until they are gone."""
    heat: Any = connection.orchestration
    remove_all(name, lambda: heat.stacks(name=name), heat.delete_stack, "stack")
