"""Undoing what was made in Nova."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_whitebox.remove.gone import remove_all

if TYPE_CHECKING:
    from openstack.connection import Connection


def server(connection: Connection, name: str) -> None:
    """Delete the servers of this name and wait until they are gone."""
    compute: Any = connection.compute
    remove_all(name, lambda: compute.servers(name=f"^{name}$"), compute.delete_server, "server")


def flavor(connection: Connection, name: str) -> None:
    """Delete the flavors of this name."""
    compute: Any = connection.compute
    remove_all(name, lambda: compute.flavors(is_public="None"), compute.delete_flavor, "flavor")


def keypair(connection: Connection, name: str) -> None:
    """Delete the keypair of this name."""
    compute: Any = connection.compute
    remove_all(name, compute.keypairs, compute.delete_keypair, "keypair")


def server_group(connection: Connection, name: str) -> None:
    """Delete the server groups of this name."""
    compute: Any = connection.compute
    remove_all(name, compute.server_groups, compute.delete_server_group, "server group")


def aggregate(connection: Connection, name: str) -> None:
    """Empty the aggregates of this name and delete them.

    Nova counts a server that is gone for a moment longer, and lets no host leave its zone as long as it does.
    """
    compute: Any = connection.compute

    def empty(found: Any) -> None:
        for host in compute.get_aggregate(found).hosts or ():
            compute.remove_host_from_aggregate(found, host)
        compute.delete_aggregate(found)

    remove_all(name, compute.aggregates, empty, "aggregate")
