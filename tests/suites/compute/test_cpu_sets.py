"""A host with a CPU for dedicated use and one for all others: each guest is on those that its flavor asks for."""

from __future__ import annotations

import pytest

from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.configuration import GuestCpus
from pytest_whitebox.core.databases import Databases, recorded_topology
from pytest_whitebox.core.hosts import Host
from pytest_whitebox.create import Create
from pytest_whitebox.server import Server

from .conftest import GiveCpus, assert_io_threads, cpus_of

pytestmark = pytest.mark.requires("libvirt", "placement", pcpus=2)

SHARED = {"hw:cpu_policy": "shared"}
DEDICATED = {"hw:cpu_policy": "dedicated"}
MIXED = {"hw:cpu_policy": "mixed", "hw:cpu_dedicated_mask": "^0"}


@pytest.fixture(scope="module")
def host(module_host: Host, give_cpus: GiveCpus) -> Host:
    """A compute host, the first CPU of which is for dedicated use."""
    give_cpus({module_host: GuestCpus.split(cpus_of(module_host), dedicated=1)})
    return module_host


@pytest.fixture(scope="module")
def cpus(host: Host) -> GuestCpus:
    """Which CPUs of the host are for what, by the configuration of its nova-compute."""
    return GuestCpus.of(host.service("nova-compute").config)


@pytest.mark.idempotent_id("a948625c-d2c8-4259-841c-1916095257c7")
def test_shared_guest_floats_on_the_shared_cpus(
    create: Create, database: Databases, host: Host, cpus: GuestCpus
) -> None:
    server = create.server(vcpus=1, extra_specs=SHARED, host=host)

    assert_floats(server, cpus)
    assert recorded_topology(database, server) is None


@pytest.mark.idempotent_id("223d7e02-aa33-4e2a-9113-fe3fbf94bbac")
def test_emulator_of_a_dedicated_guest_runs_on_the_shared_cpus(create: Create, host: Host, cpus: GuestCpus) -> None:
    server = create.server(vcpus=1, extra_specs={**DEDICATED, "hw:emulator_threads_policy": "share"}, host=host)
    domain = server.domain

    assert domain.pinned_cpus == cpus.dedicated
    assert server.emulator_affinity == domain.emulator_pins == cpus.shared
    assert_io_threads(domain, cpus.shared)


@pytest.mark.smoke
@pytest.mark.idempotent_id("1e8b09fb-53e5-4ff1-bc9e-68fb4a15de38")
def test_mixed_guest_has_its_dedicated_vcpus_pinned_and_the_others_float(
    create: Create, database: Databases, host: Host, cpus: GuestCpus
) -> None:
    server = create.server(vcpus=2, extra_specs=MIXED, host=host)
    recorded = recorded_topology(database, server)

    assert server.domain.vcpu_pins == server.affinity == {0: cpus.shared, 1: cpus.dedicated}
    assert recorded is not None
    assert recorded.pins == {1: cpus.dedicated}
    assert recorded.floating == {0}


@pytest.mark.idempotent_id("eddfd6b7-e111-4201-8c42-fefdcdbeb239")
def test_resize_to_shared_cpus_takes_the_pins_away(
    cloud: Cloud, create: Create, database: Databases, host: Host, cpus: GuestCpus
) -> None:
    server = create.server(vcpus=1, extra_specs=DEDICATED, host=host)
    assert server.domain.pinned_cpus == cpus.dedicated

    server.resize(create.flavor(vcpus=1, ram=server.domain.memory_kib // 1024, extra_specs=SHARED)).confirm()
    assert server.domain.vcpu_pins == {}
    assert recorded_topology(database, server) is None
    assert allocated(cloud, server) == {"VCPU": 1}


@pytest.mark.idempotent_id("3533a9f3-0486-47cf-aa8d-a1a5fd4df6d3")
def test_resize_to_dedicated_cpus_pins(
    cloud: Cloud, create: Create, database: Databases, host: Host, cpus: GuestCpus
) -> None:
    server = create.server(vcpus=1, extra_specs=SHARED, host=host)
    assert_floats(server, cpus)

    server.resize(create.flavor(vcpus=1, ram=server.domain.memory_kib // 1024, extra_specs=DEDICATED)).confirm()
    recorded, now = recorded_topology(database, server), GuestCpus.of(server.host.service("nova-compute").config)
    assert recorded is not None
    assert recorded.pins == server.affinity == server.domain.vcpu_pins
    assert len(server.domain.pinned_cpus) == 1
    # A host that dedicates none pins to any, and Placement counts those as it always did.
    assert server.domain.pinned_cpus <= (now.dedicated or set(cpus_of(server.host)))
    assert allocated(cloud, server) == {"PCPU" if now.dedicated else "VCPU": 1}


@pytest.mark.idempotent_id("5dc49ac5-b6ae-41eb-8434-dea361ae3bfa")
def test_pins_outlive_a_hard_reboot(create: Create, host: Host, cpus: GuestCpus) -> None:
    server = create.server(vcpus=1, extra_specs=DEDICATED, host=host)
    pid = server.pid

    server.reboot(hard=True)
    assert server.pid != pid
    assert server.affinity == server.domain.vcpu_pins == {0: cpus.dedicated}


@pytest.mark.idempotent_id("5f58ec09-1271-4183-b359-a56ad721ad3c")
def test_rebuild_keeps_the_recorded_topology(create: Create, database: Databases, host: Host) -> None:
    server = create.server(vcpus=1, extra_specs={**DEDICATED, "hw:cpu_thread_policy": "prefer"}, host=host)
    before, pid = recorded_topology(database, server), server.pid
    assert before is not None

    server.rebuild(create.image(properties={"hw_rng_model": "virtio"}))
    assert server.pid != pid
    assert server.host is host
    assert recorded_topology(database, server) == before
    assert server.domain.vcpu_pins == before.pins


def assert_floats(server: Server, cpus: GuestCpus) -> None:
    """All vCPUs may run on each of the shared CPUs and on no other, and so may the rest of QEMU."""
    domain = server.domain
    assert domain.vcpu_pins == {}
    assert domain.cpuset == cpus.shared
    assert set(server.affinity.values()) == {cpus.shared}
    assert_io_threads(domain, frozenset())


def allocated(cloud: Cloud, server: Server) -> dict[str, int]:
    """How many CPUs of each class Placement has given to a server."""
    answer = cloud.connection.placement.get(f"/allocations/{server.id}", microversion="1.36").json()
    amounts = [provider["resources"] for provider in answer["allocations"].values()]
    return {name: count for one in amounts for name, count in one.items() if name in ("VCPU", "PCPU")}
