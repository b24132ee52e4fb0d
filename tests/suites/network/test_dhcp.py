"""What a guest is told by DHCP: the options of its subnet, as OVN answers with them."""

from __future__ import annotations

import pytest

from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.databases.ovsdb import Ovn, Row
from pytest_whitebox.core.wait import wait_for

from .conftest import Plugged

pytestmark = pytest.mark.requires("network", "libvirt", "ovn")


@pytest.mark.smoke
@pytest.mark.idempotent_id("b8624a32-9b36-4103-b8c9-8dbe90c95454")
def test_answer_offers_the_port_its_address_and_the_networks_mtu(ovn: Ovn, plugged: Plugged) -> None:
    options = options_of(ovn, plugged)
    port = ovn.only("north", "Logical_Switch_Port", {"name": plugged.port.id})
    (address,) = (ip["ip_address"] for ip in plugged.port.fixed_ips)

    assert port["dhcpv4_options"] == options.uuid
    assert options["cidr"] == plugged.subnet.cidr
    assert options["options"]["router"] == plugged.subnet.gateway_ip
    assert options["options"]["mtu"] == str(plugged.network.mtu)
    assert any(f"put_dhcp_opts(offerip = {address}" in flow["actions"] for flow in ovn.logical_flows(options))


@pytest.mark.idempotent_id("c6ccea0d-07e1-4630-8b8a-6be77045826f")
def test_changed_name_servers_are_answered_with(cloud: Cloud, ovn: Ovn, plugged: Plugged) -> None:
    network, servers = cloud.connection.network, ["192.0.2.53", "192.0.2.54"]
    network.update_subnet(plugged.subnet, dns_nameservers=servers)
    try:
        assert options_of(ovn, plugged)["options"]["dns_server"] == "{192.0.2.53, 192.0.2.54}"
        wait_for(
            lambda: any("dns_server = {192.0.2.53, 192.0.2.54}" in flow["actions"] for flow in answers(ovn, plugged)),
            timeout=30, what="the new name servers in the answer",
        )  # fmt: skip
    finally:
        network.update_subnet(plugged.subnet, dns_nameservers=[])


def options_of(ovn: Ovn, plugged: Plugged) -> Row:
    """The options that OVN has for the subnet."""
    found = ovn.north.find("DHCP_Options", {("external_ids", "subnet_id"): plugged.subnet.id})
    (own,) = (row for row in found if "port_id" not in row["external_ids"])
    return own


def answers(ovn: Ovn, plugged: Plugged) -> tuple[Row, ...]:
    """The logical flows by which the hosts answer."""
    return ovn.logical_flows(options_of(ovn, plugged))
