"""A port is bound to the host of its server: by Neutron's database, OVN, the host's switch and the guest itself."""

from __future__ import annotations

import pytest

from pytest_whitebox.core.databases import Databases
from pytest_whitebox.core.databases.ovsdb import Ovn, switch
from pytest_whitebox.core.hosts import Hosts
from pytest_whitebox.core.wait import wait_for
from pytest_whitebox.create import Create

from .conftest import Plugged, plug

pytestmark = pytest.mark.requires("network", "libvirt", "ovn")

BINDINGS = "SELECT host, vif_type, status FROM ml2_port_bindings WHERE port_id = :id"


@pytest.mark.smoke
@pytest.mark.idempotent_id("1a5e7fca-bc14-459c-b45e-9d99364a59dc")
def test_port_is_bound_where_its_server_runs(database: Databases, ovn: Ovn, plugged: Plugged) -> None:
    host, port = plugged.server.host, plugged.port
    binding = ovn.only("south", "Port_Binding", {"logical_port": port.id})
    chassis = ovn.only("south", "Chassis", {"hostname": host.name})

    assert bound(database, port.id) == (host.name, "ovs", "ACTIVE")
    assert binding["chassis"] == chassis.uuid
    assert binding["up"] is True


@pytest.mark.smoke
@pytest.mark.idempotent_id("93066b15-c27e-4de7-b366-ab1f533567e8")
def test_guest_is_plugged_into_the_switch_of_its_host(plugged: Plugged) -> None:
    host, port = plugged.server.host, plugged.port
    (interface,) = plugged.server.domain.interfaces
    (plug,) = switch(host).find("Interface", {("external_ids", "iface-id"): port.id})

    assert (interface.target, interface.mac) == (plug["name"], port.mac_address)
    assert plug["external_ids"]["attached-mac"] == port.mac_address
    assert plug["external_ids"]["vm-uuid"] == plugged.server.id
    assert plug["ofport"] > 0
    assert plug["name"] in host.run(["ovs-vsctl", "list-ports", "br-int"]).stdout.split()
    assert host.file(f"/sys/class/net/{interface.target}/operstate").content_string.strip() != "down"


@pytest.mark.idempotent_id("241f4975-7f20-4242-ac82-6694bc7315ca")
def test_port_is_unbound_once_its_server_is_gone(create: Create, database: Databases, hosts: Hosts, ovn: Ovn) -> None:
    plugged = plug(create)
    host, port, tap = plugged.server.host, plugged.port, plugged.server.domain.interfaces[0].target
    compute = create.cloud.connection.compute

    compute.delete_server(plugged.server.id)
    compute.wait_for_delete(plugged.server.resource, wait=120)
    assert bound(database, port.id) == ("", "unbound", "ACTIVE")
    assert switch(host).find("Interface", {("external_ids", "iface-id"): port.id}) == ()
    assert not host.file(f"/sys/class/net/{tap}").exists
    wait_for(
        lambda: not ovn.only("south", "Port_Binding", {"logical_port": port.id}).many("chassis"),
        timeout=30, what="OVN to let go of the port",
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.requires(computes=2)
@pytest.mark.idempotent_id("dd37baa1-29ef-40cf-bca9-09c5748e9c8c")
def test_port_follows_its_server_to_another_host(create: Create, database: Databases, hosts: Hosts, ovn: Ovn) -> None:
    plugged = plug(create)
    before, port = plugged.server.host, plugged.port

    after = plugged.server.live_migrate().host
    assert after is not before
    chassis = ovn.only("south", "Chassis", {"hostname": after.name})
    assert ovn.only("south", "Port_Binding", {"logical_port": port.id})["chassis"] == chassis.uuid
    assert bound(database, port.id) == (after.name, "ovs", "ACTIVE")
    plugs = {host: switch(host).find("Interface", {("external_ids", "iface-id"): port.id}) for host in (before, after)}
    assert (len(plugs[before]), len(plugs[after])) == (0, 1)


def bound(database: Databases, port: str) -> tuple[str, str, str]:
    """The host, the kind and the state of a port's only binding in Neutron's database."""
    binding = database("neutron").row(BINDINGS, id=port)
    return binding.host, binding.vif_type, binding.status
