from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_whitebox.core.deployments import ServiceFacts, UnknownService
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.hosts import Fact, Host, Hosts
from pytest_whitebox.core.hosts.hosts import way_to
from pytest_whitebox.core.hosts.known import Known, gather
from pytest_whitebox.core.hosts.report import Sighting
from pytest_whitebox.core.inventories import HostEntry, Inventory, ServiceEntry
from pytest_whitebox.core.processes import Runit, Status
from pytest_whitebox.core.transports import LocalTransport, Login, Transport


def _sighting(service: str, host: str, source: str = "os-services") -> Sighting:
    return Sighting(service, host, True, "2026-11-21T07:51:21", source)


SEEN = [
    _sighting("nova-scheduler", "controller"),
    _sighting("nova-compute", "compute2"),
    _sighting("nova-compute", "compute1"),
    _sighting("cinder-volume", "controller", "volume services"),
    _sighting("ovn-controller", "compute1", "network agents"),
    _sighting("neutron-l3-agent", "net1", "network agents"),
]


@dataclass(frozen=True)
class Always(Runit):
    """A supervisor that has whatever it is asked for."""

    def status(self, transport: Transport, unit: str) -> Status:
        return Status(exists=True, running=True, pid=None, enabled=True, text="")


class Kind:
    """A kind of deployment that has one service, called after the host, which no API knows."""

    name, libvirt_uri = "nothing", "test:///default"

    def __init__(self, host: str) -> None:
        self.host = host

    def matches(self, transport: Transport) -> bool:
        return True

    def service(self, transport: Transport, name: str) -> ServiceFacts:
        if name != self.host:
            raise UnknownService(f"no {name}", hint="none")
        return ServiceFacts(name, name, Always())

    def libvirt(self, transport: Transport) -> Transport:
        return transport


@pytest.fixture
def hosts() -> Hosts:
    return Hosts(
        Host(
            one.name, LocalTransport(), address=one.address, services=one.services, roles=one.roles, facts=one.facts,
            names=one.names, deployment=Kind(one.name),
        )
        for one in gather(SEEN, [("compute1", "10.0.0.21"), ("compute2", "10.0.0.22")])
    )  # fmt: skip


def test_what_several_apis_say_of_a_host_comes_together(hosts: Hosts) -> None:
    assert [(host.name, host.address, host.services, set(host.roles)) for host in hosts] == [
        ("compute1", "10.0.0.21", ("nova-compute", "ovn-controller"), {"compute"}),
        ("compute2", "10.0.0.22", ("nova-compute",), {"compute"}),
        ("controller", "controller", ("cinder-volume", "nova-scheduler"), {"controller", "storage"}),
        ("net1", "net1", ("neutron-l3-agent",), {"network"}),
    ]


def test_each_fact_tells_who_says_so(hosts: Hosts) -> None:
    assert hosts["compute1"].facts == (
        Fact("address", "10.0.0.21", "os-hypervisors"),
        Fact("service", "nova-compute", "os-services"),
        Fact("role", "compute", "os-services: nova-compute"),
        Fact("service", "ovn-controller", "network agents"),
    )


def test_hosts_are_found_by_role_service_name_and_place(hosts: Hosts) -> None:
    assert [host.name for host in hosts.computes] == ["compute1", "compute2"]
    assert [host.name for host in hosts.controllers] == ["controller"]
    assert [host.name for host in hosts.networks] == ["net1"]
    assert [host.name for host in hosts.storages] == ["controller"]
    assert [host.name for host in hosts.running("ovn-controller")] == ["compute1"]
    assert [host.name for host in hosts[2:]] == ["controller", "net1"]
    assert hosts["compute2"] is hosts[1]


def test_a_service_that_no_api_tells_of_is_looked_for_on_the_hosts(hosts: Hosts) -> None:
    assert [host.name for host in hosts.running("net1")] == ["net1"]
    assert len(hosts.running("nova-api")) == 0


def test_an_unknown_name_tells_the_known_ones(hosts: Hosts) -> None:
    with pytest.raises(StackproofError) as caught:
        _ = hosts["compute9"]
    assert caught.value.sentence == "no host is called 'compute9'; known are compute1, compute2, controller, net1"


def test_a_host_with_a_full_name_here_and_a_short_one_there_is_one_host() -> None:
    seen = [
        _sighting("ovn-controller", "compute-0.example.org", "network agents"),
        _sighting("nova-compute", "compute-0"),
        _sighting("cinder-volume", "COMPUTE-0.example.org", "volume services"),
    ]
    (host,) = gather(seen, [("compute-0", "10.0.0.21")])
    assert host.name == "compute-0"
    assert host.names == ("compute-0", "compute-0.example.org", "COMPUTE-0.example.org")
    assert host.services == ("cinder-volume", "nova-compute", "ovn-controller")
    assert Hosts([Host(host.name, LocalTransport(), names=host.names)])["compute-0.example.org"].name == "compute-0"


def test_hosts_of_two_domains_stay_two() -> None:
    seen = [_sighting("nova-compute", "node.a.example"), _sighting("nova-compute", "node.b.example")]
    assert [host.name for host in gather([*seen, _sighting("ovn-controller", "node")], [])] == [
        "node", "node.a.example", "node.b.example",
    ]  # fmt: skip


INVENTORY = Inventory(
    "lab.yaml",
    (
        HostEntry(
            "compute1.lab", Login("compute1.lab", "192.168.24.6", "stack", jump=Login("gate")), deployment="kolla"
        ),
        HostEntry("second", Login("second", "10.0.0.22"), roles=("compute",)),
        HostEntry("third", Login("third", "10.0.0.23"), services={"keystone": ServiceEntry()}),
        HostEntry("gate", Login("gate", "10.0.0.1")),
    ),
)


def test_an_inventory_comes_before_what_the_apis_say() -> None:
    first, second, *_ = known = gather(SEEN, [("compute1", "10.0.0.21"), ("compute2", "10.0.0.22")], INVENTORY)
    assert [host.name for host in known] == ["compute1", "compute2", "controller", "net1", "third"]
    assert first.address == "192.168.24.6"
    assert first.facts[:2] == (Fact("address", "192.168.24.6", "lab.yaml"), Fact("deployment", "kolla", "lab.yaml"))
    assert Fact("address", "10.0.0.21", "os-hypervisors") in first.facts
    assert second.names == ("compute2", "second")
    assert second.entry is INVENTORY.hosts[1]


def test_a_host_that_is_only_a_way_to_others_is_none_of_the_cloud() -> None:
    assert "gate" not in [host.name for host in gather(SEEN, [], INVENTORY)]


@pytest.mark.parametrize(
    ("known", "way"),
    [
        (Known("compute1", ("compute1",), ()), "ssh .*@compute1"),
        (Known("nova-cell1-conductor-0", ("nova-cell1-conductor-0",), ()), "pod nova-cell1-conductor-0"),
        (Known("x", ("x",), (), HostEntry("x", local=True)), "this machine"),
        (Known("x", ("x",), (), HostEntry("x", Login(user="stack", port=2222))), "ssh stack@x:2222"),
        (Known("x", ("x",), (), HostEntry("x", local=True, container="lab")), "container lab of this machine"),
        (Known(socket.gethostname(), (socket.gethostname(),), (Fact("address", "127.0.0.1", "me"),)), "this machine"),
        (
            Known(socket.gethostname(), (socket.gethostname(),), (Fact("address", "192.0.2.1", "me"),)),
            "ssh .*@192.0.2.1",
        ),
    ],
)
def test_the_way_to_a_host(known: Known, way: str, tmp_path: Path) -> None:
    (tmp_path / "ssh_config").touch()
    assert re.fullmatch(way, way_to(known, tmp_path / "ssh_config").name)


def test_a_pod_is_not_looked_into() -> None:
    pod = Host("nova-scheduler-0", way_to(Known("nova-scheduler-0", ("nova-scheduler-0",), ()), None))
    with pytest.raises(UnknownService) as caught:
        pod.run(["true"])
    assert "nova-scheduler-0 is not supported: it is a pod of the control plane" in str(caught.value)
    assert "oc" in caught.value.hint
    assert not pod.service("nova-scheduler").exists
