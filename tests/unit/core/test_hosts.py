from __future__ import annotations

import pytest

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.host import Host
from pytest_whitebox.core.hosts import Hosts, hosts_of
from pytest_whitebox.core.local import LocalTransport
from pytest_whitebox.core.report import Sighting

SEEN = [
    Sighting("nova-scheduler", "controller", True, "2026-11-21T07:51:21"),
    Sighting("nova-compute", "compute2", True, "2026-11-21T07:51:21"),
    Sighting("nova-compute", "compute1", True, "2026-11-21T07:51:21"),
    Sighting("cinder-volume", "controller", True, ""),
    Sighting("ovn-controller", "compute1", True, ""),
]


@pytest.fixture
def hosts() -> Hosts:
    found = hosts_of(SEEN, [("compute1", "10.0.0.21"), ("compute2", "10.0.0.22")])
    return Hosts(
        Host(one.name, LocalTransport(), address=one.address, services=one.services, roles=one.roles) for one in found
    )


def test_what_several_apis_say_of_a_host_comes_together(hosts: Hosts) -> None:
    assert [(host.name, host.address, host.services, set(host.roles)) for host in hosts] == [
        ("compute1", "10.0.0.21", ("nova-compute", "ovn-controller"), {"compute"}),
        ("compute2", "10.0.0.22", ("nova-compute",), {"compute"}),
        ("controller", "controller", ("cinder-volume", "nova-scheduler"), {"controller"}),
    ]


def test_hosts_are_found_by_role_service_name_and_place(hosts: Hosts) -> None:
    assert [host.name for host in hosts.computes] == ["compute1", "compute2"]
    assert [host.name for host in hosts.controllers] == ["controller"]
    assert [host.name for host in hosts.running("ovn-controller")] == ["compute1"]
    assert [host.name for host in hosts[1:]] == ["compute2", "controller"]
    assert hosts["compute2"] is hosts[1]
    assert len(hosts.running("nova-api")) == 0


def test_an_unknown_name_tells_the_known_ones(hosts: Hosts) -> None:
    with pytest.raises(StackproofError) as caught:
        _ = hosts["compute9"]
    assert caught.value.sentence == "no host is called 'compute9'; known are compute1, compute2, controller"
