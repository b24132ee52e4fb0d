"""What the switches of hosts have of ports, and Neutron not any more."""

from __future__ import annotations

from pytest_whitebox.core.databases import Databases
from pytest_whitebox.core.databases.ovsdb import switch
from pytest_whitebox.core.hosts import Host, Hosts
from pytest_whitebox.core.orphans.orphan import Orphan

_PORTS = "SELECT id FROM ports"


def without_port(hosts: Hosts, database: Databases) -> set[Orphan]:
    """Plugs in the switches of compute hosts for ports that Neutron does not have."""
    return {
        Orphan("plug", port, host.name, "port")
        for host in hosts.computes
        for port in plugs(host) - {row.id for row in database("neutron").rows(_PORTS)}
    }


def plugs(host: Host) -> set[str]:
    """The ports that the switch of a host knows."""
    found = (row["external_ids"].get("iface-id") for row in switch(host).find("Interface"))
    return {port for port in found if port}
