"""Undoing what was made in Designate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_whitebox.remove.gone import remove_all

if TYPE_CHECKING:
    from openstack.connection import Connection


def domain(name: str) -> str:
    """The domain that a zone of this name is for, under a top level that no name server outside knows.

    >>> domain("sp-zone1")
    'sp-zone1.stackproof.test.'
    """
    return f"{name}.stackproof.test."


def zone(connection: Connection, name: str) -> None:
    """Delete the zones of this name and wait until their name servers have let go of them."""
    dns: Any = connection.dns
    remove_all(domain(name), lambda: dns.zones(name=domain(name)), dns.delete_zone, "zone")
