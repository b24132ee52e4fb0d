"""A guest of two NUMA nodes with pinned and floating vCPUs: each vCPU is on the host's node that its own lies on."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pytest_whitebox.core.configuration import GuestCpus
from pytest_whitebox.core.cpuset import parse_cpus
from pytest_whitebox.core.databases import Databases, recorded_topology
from pytest_whitebox.core.hosts import Host, Hosts
from pytest_whitebox.create import Create

from .conftest import GiveCpus

pytestmark = pytest.mark.requires("libvirt", "placement", numa=2, pcpus=8)

MIXED = {"hw:cpu_policy": "mixed", "hw:cpu_dedicated_mask": "^0", "hw:numa_nodes": "2"}
UNEVEN = {"hw:numa_cpus.0": "0", "hw:numa_cpus.1": "1-3", "hw:numa_mem.0": "256", "hw:numa_mem.1": "768"}


@pytest.fixture(scope="module")
def host(hosts: Hosts, module_alone: None, give_cpus: GiveCpus) -> Host:
    """A compute host that shares the first CPU of each of its NUMA nodes, and dedicates the others."""
    host = next(host for host in hosts.computes if len(nodes(host)) > 1)
    shared = frozenset(min(cpus) for cpus in nodes(host).values())
    give_cpus({host: GuestCpus(frozenset().union(*nodes(host).values()) - shared, shared)})
    return host


@pytest.mark.parametrize("shape", [{}, UNEVEN], ids=["even", "uneven"])
@pytest.mark.idempotent_id("f3672020-1289-419c-944c-8832b8725aeb")
def test_vcpus_are_on_the_nodes_that_their_memory_is_on(
    create: Create, database: Databases, host: Host, shape: Mapping[str, str]
) -> None:
    server = create.server(vcpus=4, ram=1024, extra_specs={**MIXED, **shape}, host=host)
    domain, recorded = server.domain, recorded_topology(database, server)

    assert recorded is not None
    assert recorded.floating == {0}
    assert set(recorded.pins) == {1, 2, 3}
    assert server.affinity == domain.vcpu_pins
    assert len({cell.host_cell for cell in recorded.cells}) == 2
    assert [node.nodes for node in domain.numa.memory_nodes.values()] == [{cell.host_cell} for cell in recorded.cells]
    for cell in recorded.cells:
        own, cpus = nodes(host)[cell.host_cell], GuestCpus.of(host.service("nova-compute").config)
        assert {domain.vcpu_pins[vcpu] for vcpu in cell.floating} <= {cpus.shared & own}
        assert set(cell.pins.values()) <= cpus.dedicated & own


def nodes(host: Host) -> dict[int, frozenset[int]]:
    """The CPUs of each NUMA node of a host."""
    folder = "/sys/devices/system/node"
    numbers = parse_cpus(host.file(f"{folder}/online").content_string)
    return {number: parse_cpus(host.file(f"{folder}/node{number}/cpulist").content_string) for number in numbers}
