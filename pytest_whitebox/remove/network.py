"""Undoing what was made in Neutron."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_whitebox.remove.gone import remove_all

if TYPE_CHECKING:
    from openstack.connection import Connection

_INTERFACE = "network:router_interface"


def network(connection: Connection, name: str) -> None:
    """Delete the networks of this name."""
    api: Any = connection.network
    remove_all(name, lambda: api.networks(name=name), api.delete_network, "network")


def subnet(connection: Connection, name: str) -> None:
    """Delete the subnets of this name."""
    api: Any = connection.network
    remove_all(name, lambda: api.subnets(name=name), api.delete_subnet, "subnet")


def router(connection: Connection, name: str) -> None:
    """Take the routers of this name off their subnets and delete them."""
    api: Any = connection.network

    def delete(found: Any) -> None:
        for port in api.ports(device_id=found.id):
            if str(port.device_owner).startswith(_INTERFACE):
                api.remove_interface_from_router(found, port_id=port.id)
        api.delete_router(found)

    remove_all(name, lambda: api.routers(name=name), delete, "router")


def port(connection: Connection, name: str) -> None:
    """Delete the ports of this name."""
    api: Any = connection.network
    remove_all(name, lambda: api.ports(name=name), api.delete_port, "port")


def security_group(connection: Connection, name: str) -> None:
    """Delete the security groups of this name."""
    api: Any = connection.network
    remove_all(name, lambda: api.security_groups(name=name), api.delete_security_group, "security group")


def floating_ip(connection: Connection, name: str) -> None:
    """Give back the floating IPs that have this name as their description."""
    api: Any = connection.network
    remove_all(name, api.ips, api.delete_ip, "floating ip", lambda found: found.description)
