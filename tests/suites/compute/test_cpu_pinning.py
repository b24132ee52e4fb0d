"""Dedicated CPUs: libvirt, the kernel and Nova's database say the same, and no two guests share one."""

from __future__ import annotations

import pytest

from pytest_whitebox.core.cpuset import format_cpus, parse_cpus
from pytest_whitebox.core.database import nova_object
from pytest_whitebox.core.databases import Databases
from pytest_whitebox.core.host import Host
from pytest_whitebox.core.hosts import Hosts
from pytest_whitebox.create import Create
from pytest_whitebox.fixtures import SetConfig
from pytest_whitebox.server import Server

pytestmark = pytest.mark.requires("libvirt", "placement", pcpus=2)

DEDICATED = {"hw:cpu_policy": "dedicated"}
PINNING = "SELECT numa_topology FROM instance_extra WHERE instance_uuid = :id"


@pytest.fixture
def host(hosts: Hosts, set_config: SetConfig) -> Host:
    """A compute host, two CPUs of which are for dedicated use."""
    host = hosts.computes[0]
    online = sorted(parse_cpus(host.file("/sys/devices/system/cpu/online").content_string))
    set_config(host, "nova-compute", {("compute", "cpu_dedicated_set"): format_cpus(online[:2])})
    return host


@pytest.mark.idempotent_id("fe3078bd-8aea-4356-9ff1-3a95a0357524")
def test_dedicated_cpus_are_not_shared(create: Create, database: Databases, host: Host) -> None:
    a = create.server(vcpus=1, extra_specs=DEDICATED, host=host)
    b = create.server(vcpus=1, extra_specs=DEDICATED, same_host=a)

    assert len(a.domain.pinned_cpus) == len(b.domain.pinned_cpus) == 1
    assert a.domain.pinned_cpus.isdisjoint(b.domain.pinned_cpus)
    for server in (a, b):
        pins = server.domain.vcpu_pins
        assert server.affinity == pins
        assert recorded_pins(database, server) == pins


def recorded_pins(database: Databases, server: Server) -> dict[int, frozenset[int]]:
    """The host CPUs of each vCPU by Nova's database."""
    row = database.cell_of(server).row(PINNING, id=server.id)
    (cell,) = nova_object(row.numa_topology)["cells"]
    return {int(vcpu): frozenset({cpu}) for vcpu, cpu in cell["cpu_pinning_raw"].items()}
