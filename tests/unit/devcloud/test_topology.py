"""Addresses and names of hosts and networks."""

from __future__ import annotations

from devcloud.topology import BRIDGES, COMPUTE, CONTROLLER, GUEST_MTU, SUBNETS, Topology

#: Ethernet, IPv4, UDP, Geneve and the options that OVN puts in.
GENEVE_OVERHEAD = 14 + 20 + 8 + 8 + 8


def test_hosts_have_addresses_of_their_own_in_their_networks() -> None:
    topology = Topology(77, computes=3)
    assert [(host.name, host.role) for host in topology.hosts] == [
        ("controller", CONTROLLER),
        ("compute1", COMPUTE),
        ("compute2", COMPUTE),
        ("compute3", COMPUTE),
    ]
    assert len({host.mgmt for host in topology.hosts}) == len({host.tunnel for host in topology.hosts}) == 4
    assert all(host.mgmt in topology.mgmt and host.tunnel in topology.tunnel for host in topology.hosts)
    assert topology.controller is topology.hosts[0]


def test_clouds_side_by_side_share_no_network() -> None:
    networks = [network for subnet in SUBNETS for network in (Topology(subnet).mgmt, Topology(subnet).external)]
    assert len(set(networks)) == len(networks) > 10


def test_interface_names_fit_the_kernel_and_differ() -> None:
    names = [Topology(subnet).on_machine(bridge) for subnet in SUBNETS for bridge in BRIDGES]
    assert max(len(name) for name in names) <= 15
    assert len(set(names)) == len(names)


def test_a_guests_frame_fits_the_tunnel() -> None:
    assert BRIDGES["tunnel"] >= GUEST_MTU + GENEVE_OVERHEAD
