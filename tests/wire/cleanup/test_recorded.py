"""Kinds of services that no cloud of ours runs: against their answers, as their API references record them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pytest_cleanup.kind import Kind
from pytest_cleanup.kind_contract import KindContract
from pytest_cleanup.kinds import kinds, recorded
from pytest_cleanup.kinds.collection import Collection
from pytest_cleanup.resource import Relation
from pytest_cleanup.view import View
from tests.doubles.openstack import CORE, serve
from tests.wire.cleanup.scene import furnished, view_of

_SERVICES = {
    "baremetal": "v1",
    "container-infrastructure-management": "v1",
    "database": "v1.0",
    "instance-ha": "v1",
    "load-balancer": "v2.0",
    "reservation": "v1",
    "shared-file-system": "v2",
    "workflow": "v2",
}
_EXTENSIONS = ("bgp", "bgpvpn", "fwaas_v2", "sfc", "taas", "vpn-endpoint-groups", "vpnaas")
#: What answers tell, by kind; all else they have is told of every one.
_ROWS: dict[str, dict[str, Any]] = {
    "bgpvpn": {"networks": ["net-1"], "routers": [], "ports": []},
    "baremetal_port": {"address": "11:11:11:11:11:11", "node_uuid": "node-1", "extra": {}},
    "endpoint_group": {"type": "subnet", "endpoints": ["subnet-1"]},
    "execution": {"workflow_name": "flow", "state": "SUCCESS"},
    "firewall_group": {
        "ingress_firewall_policy_id": "policy-1",
        "egress_firewall_policy_id": None,
        "ports": ["port-1"],
    },
    "firewall_policy": {"firewall_rules": ["rule-1"]},
    "healthmonitor": {"pools": [{"id": "pool-1"}], "provisioning_status": "ACTIVE"},
    "ipsec_site_connection": {"vpnservice_id": "vpn-1", "ikepolicy_id": "ike-1", "ipsecpolicy_id": "ipsec-1"},
    "l7policy": {"listener_id": "listener-1", "provisioning_status": "ACTIVE"},
    "listener": {"loadbalancers": [{"id": "lb-1"}], "provisioning_status": "ACTIVE"},
    "loadbalancer": {"vip_network_id": "net-1", "vip_subnet_id": "subnet-1", "provisioning_status": "ACTIVE"},
    "node": {"provision_state": "available", "maintenance": False, "resource_class": "baremetal"},
    "pool": {"loadbalancers": [{"id": "lb-1"}], "provisioning_status": "ACTIVE"},
    "port_chain": {"port_pair_groups": ["group-1"], "flow_classifiers": ["classifier-1"]},
    "share": {"share_network_id": "network-1", "share_type": "type-1", "snapshot_id": None, "status": "available"},
    "share_network": {"neutron_net_id": "net-1", "neutron_subnet_id": "subnet-1"},
    "share_snapshot": {"share_id": "share-1", "status": "available"},
    "vpnservice": {"router_id": "router-1", "subnet_id": "subnet-1"},
}
#: What one of the kind has to go before, or goes with.
_EDGES = {
    "firewall_group": ("uses firewall_policy policy-1", "uses port port-1"),
    "healthmonitor": ("is part of pool pool-1",),
    "ipsec_site_connection": ("uses ikepolicy ike-1", "uses ipsecpolicy ipsec-1", "uses vpnservice vpn-1"),
    "l7policy": ("is part of listener listener-1",),
    "listener": ("is part of loadbalancer lb-1",),
    "loadbalancer": ("uses network net-1", "uses subnet subnet-1"),
    "baremetal_port": ("is part of node node-1",),
    "share": ("uses share_network network-1", "uses share_type type-1"),
    "share_snapshot": ("uses share share-1",),
    "vpnservice": ("uses router router-1", "uses subnet subnet-1"),
}


@pytest.fixture(params=sorted(recorded()))
def kind(request: pytest.FixtureRequest) -> Kind:
    return kinds()[request.param]


@pytest.fixture
def view(kind: Kind) -> Iterator[View]:
    assert isinstance(kind, Collection)
    cloud = furnished()
    cloud.services = {**CORE, **_SERVICES}
    cloud.extensions += _EXTENSIONS
    told = {"name": "left", "project_id": "p", "description": "", "created_at": "2026-11-29T13:20:01.000000"}
    row = {**told, **_ROWS.get(kind.name, {}), "id": f"{kind.name}-1", "uuid": f"{kind.name}-1"}
    if kind.id == "name":
        row["id"] = row["name"]
    if kind.name == "member":
        cloud.put("load-balancer", "lbaas/pools", id="pool-1", provisioning_status="ACTIVE")
        cloud.put("load-balancer", "lbaas/pools/pool-1/members", **row)
    else:
        cloud.put(kind.service, (kind.listed or kind.path).strip("/").removesuffix("/detail"), **row)
    with serve(cloud) as url:
        yield view_of(url)


class TestRecorded(KindContract):
    """All of them."""


def test_it_tells_what_holds_it(kind: Kind, view: View) -> None:
    (found,) = kind.listing(view)
    told = sorted(f"{Relation(ref.relation)} {ref.kind} {ref.id}" for ref in found.refs)
    assert _EDGES.get(kind.name, ()) == tuple(told) or kind.name not in _EDGES
    assert {ref.kind for ref in found.refs} <= kinds().keys()


def test_every_edge_named_here_is_of_a_kind() -> None:
    assert recorded() >= _EDGES.keys()
    assert recorded() >= _ROWS.keys()
