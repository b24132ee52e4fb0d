"""The table of services agrees with itself."""

from __future__ import annotations

from collections import Counter
from graphlib import TopologicalSorter

import pytest

from devcloud.services.catalog import APIS, DEFAULT, PROJECTS, apis, chosen, services
from devcloud.services.service import Http, Port
from devcloud.topology import COMPUTE, CONTROLLER
from pytest_whitebox.core.errors import StackproofError

ALL = services(PROJECTS)
SMALLEST = chosen("")


def test_names_are_unique() -> None:
    assert [name for name, times in Counter(service.name for service in ALL).items() if times > 1] == []


@pytest.mark.parametrize(
    "projects", [PROJECTS, DEFAULT, SMALLEST, *map(chosen, ["cinder", "swift", "barbican", "heat", "designate"])]
)
def test_each_service_waits_for_services_that_are_there(projects: tuple[str, ...]) -> None:
    known = {service.name for service in services(projects)}
    assert known
    assert {
        (service.name, name) for service in services(projects) for name in service.after if name not in known
    } == set()


def test_no_service_waits_for_itself() -> None:
    order = list(TopologicalSorter({service.name: service.after for service in ALL}).static_order())
    assert order.index("rabbitmq") < order.index("nova-conductor") < order.index("nova-compute")


def test_no_two_services_of_a_host_listen_on_one_port() -> None:
    for role in (CONTROLLER, COMPUTE):
        checks = [service.check for service in ALL if role in service.roles and service.name != "haproxy"]
        ports = [check.port for check in checks if isinstance(check, Http | Port)]
        doors = [api.port for api in APIS] if role == CONTROLLER else []
        assert ports
        assert [port for port, times in Counter([*ports, *doors]).items() if times > 1] == []


def test_each_door_leads_to_a_service() -> None:
    backends = {service.check.port: service.check for service in ALL if isinstance(service.check, Http)}
    assert [api.name for api in APIS if api.backend not in backends] == []
    assert all(backends[api.backend].door == api.port for api in APIS)


def test_each_project_has_services_and_a_log_of_its_own() -> None:
    for project in PROJECTS:
        assert [service.name for service in ALL if service.project == project]
    logs = Counter(service.log for service in ALL)
    assert max(logs.values()) == 1


def test_the_smallest_cloud_has_no_doors_that_lead_nowhere() -> None:
    assert {api.name for api in apis(SMALLEST)} == {
        "keystone",
        "placement",
        "glance",
        "neutron",
        "nova",
        "nova-metadata",
    }


def test_each_door_has_two_instances_if_there_are_two_workers() -> None:
    everything = services(PROJECTS, 2)
    ports = [service.port for service in everything if service.is_api]
    for api in APIS:
        same = [service for service in everything if isinstance(service.check, Http) and service.check.door == api.port]
        assert [service.instance.letter for service in same] == ["a", "b"]
        assert {service.base for service in same} == {same[0].name}
    assert len(ports) == 2 * len(APIS) == len(set(ports))


def test_an_instance_has_files_of_its_own_and_names_them() -> None:
    everything = services(PROJECTS, 2)
    own = [service for service in everything if service.is_api]
    assert len({service.own_file for service in own}) == len({service.log for service in own}) == len(own) > 0
    assert [service.name for service in own if service.own_file not in service.command] == []
    assert {service.name for service in everything if service not in own} == {
        service.name for service in ALL if not service.is_api
    }


def test_an_unknown_service_is_named() -> None:
    with pytest.raises(StackproofError, match="'octavia'") as caught:
        chosen("cinder, octavia")
    assert "swift" in caught.value.hint
    assert "heat" in caught.value.hint


def test_what_must_be_asked_for_is_not_in_a_cloud_by_default() -> None:
    assert set(PROJECTS) - set(chosen(None)) == {"barbican", "heat", "designate"}
    assert chosen("designate, heat") == (*SMALLEST, "heat", "designate")
    assert {api.type for api in apis(PROJECTS)} - {api.type for api in apis(DEFAULT)} == {
        "key-manager",
        "orchestration",
        "cloudformation",
        "dns",
    }
