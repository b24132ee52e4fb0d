"""Neutron's ports and what hosts have of them: neither without the other."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.databases import Databases
from pytest_whitebox.core.databases.ovsdb import Ovn, switch
from pytest_whitebox.core.hosts import Host, Hosts
from pytest_whitebox.core.lasting import lasting
from pytest_whitebox.core.orphans.network import plugs, without_port
from pytest_whitebox.server import Server

from .conftest import on_each

pytestmark = pytest.mark.requires("network", "libvirt", "ovn")

NETWORKS = "SELECT id FROM networks"
BOUND = "SELECT port_id, host FROM ml2_port_bindings WHERE host != ''"
OF_SERVERS = "SELECT id, device_id FROM ports WHERE device_owner LIKE 'compute:%'"
OF_GUESTS = "SELECT id FROM ports WHERE device_owner = '' OR device_owner LIKE 'compute:%'"
SERVERS = "SELECT instance_uuid FROM instance_mappings WHERE NOT queued_for_delete"


@pytest.mark.smoke
@pytest.mark.idempotent_id("4610b671-afda-49be-9224-d31645b270e5")
def test_each_plug_in_a_switch_has_its_port(hosts: Hosts, database: Databases, well: Server, port: Any) -> None:
    assert port.id in plugs(well.host)

    assert not lasting(lambda: without_port(hosts, database))


@pytest.mark.idempotent_id("fc773685-d31f-49b3-afdd-f50b388abf90")
def test_each_tap_device_is_plugged_in(hosts: Hosts, well: Server) -> None:
    assert well.domain.interfaces[0].target in taps(well.host)

    assert not lasting(on_each(hosts.computes, lambda host: taps(host) - plugged(host)))


@pytest.mark.smoke
@pytest.mark.idempotent_id("99432544-a9ed-4569-abd2-f3d390bcefb9")
def test_each_port_is_bound_to_a_host_that_lives(cloud: Cloud, database: Databases, well: Server, port: Any) -> None:
    assert (port.id, well.host.name) in bound(database)

    def stranded() -> set[tuple[str, str]]:
        alive = {agent.host for agent in cloud.connection.network.agents() if agent.is_alive}
        return {(port, host) for port, host in bound(database) if host not in alive}

    assert not lasting(stranded)


@pytest.mark.idempotent_id("50ff7a3f-c320-4cc2-aa8f-22bc94d0c619")
def test_each_port_of_a_server_has_its_server(database: Databases, well: Server, port: Any) -> None:
    assert (port.id, well.id) in of_servers(database)

    def left() -> set[tuple[str, str]]:
        servers = {row.instance_uuid for row in database("nova_api").rows(SERVERS)}
        return {(port, server) for port, server in of_servers(database) if server not in servers}

    assert not lasting(left)


@pytest.mark.idempotent_id("5cb9780a-492f-4eea-8af4-971bbd1c8c19")
def test_each_metadata_proxy_has_its_network(hosts: Hosts, database: Databases, well: Server, port: Any) -> None:
    assert port.network_id in proxies(well.host)

    assert not lasting(
        on_each(hosts.computes, lambda host: proxies(host) - {row.id for row in database("neutron").rows(NETWORKS)})
    )


@pytest.mark.smoke
@pytest.mark.idempotent_id("6fb0745f-7863-4c7b-a5fd-77d0384b4d9d")
def test_neutron_and_ovn_have_the_same_ports(hosts: Hosts, database: Databases, port: Any) -> None:
    ovn = Ovn.discover(hosts)
    assert port.id in in_ovn(ovn) & in_neutron(database)

    assert not lasting(lambda: in_ovn(ovn) ^ in_neutron(database))


def in_neutron(database: Databases) -> set[str]:
    """The ports that Neutron has."""
    return {row.id for row in database("neutron").rows(OF_GUESTS)}


def in_ovn(ovn: Ovn) -> set[str]:
    """The ports of logical switches that Neutron has had made, but for those of routers and to the outside."""
    found = ovn.north.find("Logical_Switch_Port")
    return {row["name"] for row in found if row["type"] == "" and "neutron:device_id" in row["external_ids"]}


def plugged(host: Host) -> set[str]:
    """The devices that the switch of a host has."""
    return {row["name"] for row in switch(host).find("Interface")}


def taps(host: Host) -> set[str]:
    """The devices of a host that were made for guests."""
    names = host.run(["ls", "-1", "/sys/class/net"]).stdout.split()
    return {name for name in names if name.startswith("tap")}


def bound(database: Databases) -> set[tuple[str, str]]:
    """Each port that is bound, and its host."""
    return {(row.port_id, row.host) for row in database("neutron").rows(BOUND)}


def of_servers(database: Databases) -> set[tuple[str, str]]:
    """Each port that a server has, and the server."""
    return {(row.id, row.device_id) for row in database("neutron").rows(OF_SERVERS)}


def proxies(host: Host) -> set[str]:
    """The networks that a host has a metadata proxy for."""
    names = (line.split()[0] for line in host.run(["ip", "netns", "list"]).stdout.splitlines() if line.strip())
    return {name.removeprefix("ovnmeta-") for name in names if name.startswith("ovnmeta-")}
