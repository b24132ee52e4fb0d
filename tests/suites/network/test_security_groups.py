"""A rule of a security group is an ACL in OVN, and flows in the switch of each host that it matters to."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.databases.ovsdb import Ovn, Row, flows
from pytest_whitebox.core.hosts import Host
from pytest_whitebox.core.wait import wait_for

from .conftest import Plugged

pytestmark = pytest.mark.requires("network", "libvirt", "ovn")

RULE = "neutron:security_group_rule_id"


@pytest.mark.smoke
@pytest.mark.idempotent_id("daf11539-dfe6-453b-bfc8-7867ec3b16bb")
def test_rule_is_a_flow_on_the_host_until_it_is_removed(cloud: Cloud, ovn: Ovn, plugged: Plugged) -> None:
    network, host = cloud.connection.network, plugged.server.host
    rule = network.create_security_group_rule(
        security_group_id=plugged.group.id, direction="ingress", ether_type="IPv4", protocol="tcp",
        port_range_min=7321, port_range_max=7321, remote_ip_prefix="203.0.113.0/24",
    )  # fmt: skip
    acl = ovn.only("north", "ACL", {("external_ids", RULE): rule.id})
    assert acl["action"] == "allow-related"
    assert {"ip4.src == 203.0.113.0/24", "tcp.dst == 7321"} <= set(acl["match"].split(" && "))

    logical = wait_for(lambda: ovn.logical_flows(acl), timeout=30, what="logical flows of the rule")
    made = wait_for(lambda: on(host, logical), timeout=30, what=f"flows of the rule on {host.name}")
    assert any({"nw_src=203.0.113.0/24", "tp_dst=7321"} <= set(matched(flow)) for flow in made)

    network.delete_security_group_rule(rule)
    assert ovn.north.find("ACL", {("external_ids", RULE): rule.id}) == ()
    wait_for(lambda: not on(host, logical), timeout=30, what=f"the flows of the rule on {host.name} to be gone")
    assert ovn.logical_flows(acl) == ()


@pytest.mark.idempotent_id("c49924c7-8ec3-4fb9-8e02-a679d9724189")
def test_port_is_in_the_port_group_of_its_security_group(ovn: Ovn, plugged: Plugged) -> None:
    port = ovn.only("north", "Logical_Switch_Port", {"name": plugged.port.id})
    group = ovn.only("north", "Port_Group", {"name": group_name(plugged.group)})
    barred = ovn.only("north", "Port_Group", {"name": "neutron_pg_drop"})

    assert group.many("ports") == {port.uuid}
    # What no rule lets in or out is dropped, for this group holds all ports that have a security group.
    assert port.uuid in barred.many("ports")
    assert {ovn.north.row("ACL", acl)["action"] for acl in barred.many("acls")} == {"drop"}


@pytest.mark.idempotent_id("8378f2e0-48e8-4f78-90f3-6e2d4c2000ab")
def test_guest_may_send_from_its_own_addresses_only(ovn: Ovn, plugged: Plugged) -> None:
    port = ovn.only("north", "Logical_Switch_Port", {"name": plugged.port.id})
    own = " ".join([plugged.port.mac_address, *(ip["ip_address"] for ip in plugged.port.fixed_ips)])
    (interface,) = plugged.server.domain.interfaces

    assert port.many("port_security") == {own}
    assert interface.mac == plugged.port.mac_address


def group_name(group: Any) -> str:
    """What Neutron calls a security group in OVN."""
    return f"pg_{group.id.replace('-', '_')}"


def on(host: Host, logical: tuple[Row, ...]) -> tuple[str, ...]:
    """The OpenFlow flows that a host has for logical flows."""
    return tuple(flow for one in logical for flow in flows(host, one.uuid))


def matched(flow: str) -> list[str]:
    """What an OpenFlow flow looks at, each word of it."""
    return flow.partition(" actions=")[0].replace(" ", "").split(",")
