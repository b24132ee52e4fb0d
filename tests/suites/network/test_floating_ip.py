"""A floating IP is a translation of addresses in OVN, done by the host that has the router's gateway."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.databases import Databases
from pytest_whitebox.core.databases.ovsdb import Ovn, flows
from pytest_whitebox.core.hosts import Hosts
from pytest_whitebox.core.wait import wait_for
from pytest_whitebox.create import Create

from .conftest import CIDR

pytestmark = pytest.mark.requires("network", "ovn")

STORED = "SELECT fixed_ip_address, fixed_port_id FROM floatingips WHERE id = :id"
FLOATING = "neutron:fip_id"


@pytest.mark.smoke
@pytest.mark.idempotent_id("a85dd243-bc8d-4c33-8f22-d4e099ca2196")
def test_floating_ip_is_translated_by_the_gateway_until_it_is_taken_away(
    cloud: Cloud, create: Create, database: Databases, hosts: Hosts, ovn: Ovn
) -> None:
    network = create.network()
    router = create.router(subnets=[create.subnet(network, cidr=CIDR)], external=True)
    port = create.port(network)
    floating = create.floating_ip(port)
    (inside,) = (ip["ip_address"] for ip in port.fixed_ips)

    nat = ovn.only("north", "NAT", {("external_ids", FLOATING): floating.id})
    assert (nat["type"], nat["external_ip"], nat["logical_ip"]) == (
        "dnat_and_snat", floating.floating_ip_address, inside,
    )  # fmt: skip
    assert nat.uuid in ovn.only("north", "Logical_Router", {"name": f"neutron-{router.id}"}).many("nat")
    assert database("neutron").row(STORED, id=floating.id) == (inside, port.id)
    logical = wait_for(lambda: ovn.logical_flows(nat), timeout=30, what="logical flows of the floating IP")
    host = wait_for(lambda: gateway(cloud, ovn, router), timeout=30, what="a host to take the gateway")
    assert wait_for(
        lambda: [flow for one in logical for flow in flows(hosts[host], one.uuid)],
        timeout=30, what=f"flows of the floating IP on {host}",
    )  # fmt: skip

    cloud.connection.network.update_ip(floating, port_id=None)
    assert ovn.north.find("NAT", {("external_ids", FLOATING): floating.id}) == ()
    assert database("neutron").row(STORED, id=floating.id) == (None, None)
    wait_for(lambda: not ovn.logical_flows(nat), timeout=30, what="the logical flows to be gone")


def gateway(cloud: Cloud, ovn: Ovn, router: Any) -> str | None:
    """The host that has the gateway of a router now."""
    ports = cloud.connection.network.ports(device_id=router.id, device_owner="network:router_gateway")
    binding = ovn.only("south", "Port_Binding", {"logical_port": f"cr-lrp-{next(ports).id}"})
    (chassis,) = binding.many("chassis") or ("",)
    return str(ovn.south.row("Chassis", chassis)["hostname"]) if chassis else None
