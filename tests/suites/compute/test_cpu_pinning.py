"""A host all of whose CPUs are dedicated: each vCPU has one to itself, by libvirt, the kernel and Nova's database."""

from __future__ import annotations

import pytest

from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.configuration import GuestCpus
from pytest_whitebox.core.databases import Databases, recorded_topology
from pytest_whitebox.core.hosts import Host
from pytest_whitebox.create import Create

from .conftest import GiveCpus, assert_io_threads, cpus_of, siblings

pytestmark = pytest.mark.requires("libvirt", "placement", pcpus=2)

DEDICATED = {"hw:cpu_policy": "dedicated"}
PLACED = "SELECT host, vm_state FROM instances WHERE uuid = :id"
ISOLATED = {**DEDICATED, "hw:emulator_threads_policy": "isolate"}


@pytest.fixture(scope="module")
def host(empty_host: Host, give_cpus: GiveCpus) -> Host:
    """A compute host, two CPUs of which are for dedicated use, and none for others."""
    give_cpus({empty_host: GuestCpus(frozenset(cpus_of(empty_host)[:2]))})
    return empty_host


@pytest.mark.smoke
@pytest.mark.idempotent_id("fe3078bd-8aea-4356-9ff1-3a95a0357524")
def test_dedicated_cpus_are_not_shared(create: Create, database: Databases, host: Host) -> None:
    a = create.server(vcpus=1, extra_specs=DEDICATED, host=host)
    b = create.server(vcpus=1, extra_specs=DEDICATED, same_host=a)

    assert a.domain.pinned_cpus | b.domain.pinned_cpus == GuestCpus.of(host.service("nova-compute").config).dedicated
    assert a.domain.pinned_cpus.isdisjoint(b.domain.pinned_cpus)
    for server in (a, b):
        recorded = recorded_topology(database, server)
        assert recorded is not None
        assert recorded.pins == server.affinity == server.domain.vcpu_pins


@pytest.mark.idempotent_id("f0eab295-f8eb-4f6d-b877-e04786401745")
def test_emulator_floats_on_its_guests_cpus_where_none_are_shared(create: Create, host: Host) -> None:
    specs = {**DEDICATED, "hw:emulator_threads_policy": "share"}
    a = create.server(vcpus=1, extra_specs=specs, host=host)
    b = create.server(vcpus=1, extra_specs=specs, same_host=a)

    assert a.domain.emulator_pins.isdisjoint(b.domain.emulator_pins)
    for server in (a, b):
        domain = server.domain
        assert server.emulator_affinity == domain.emulator_pins == domain.pinned_cpus
        assert_io_threads(domain, domain.pinned_cpus)


@pytest.mark.idempotent_id("0cf5bbb6-a91e-4643-9e9c-a4c4fc823fd4")
def test_isolated_emulator_has_a_dedicated_cpu_of_its_own(create: Create, database: Databases, host: Host) -> None:
    server = create.server(vcpus=1, extra_specs=ISOLATED, host=host)
    domain, recorded = server.domain, recorded_topology(database, server)

    assert recorded is not None
    assert recorded.reserved == server.emulator_affinity == domain.emulator_pins
    assert len(domain.emulator_pins) == 1
    assert domain.pinned_cpus.isdisjoint(domain.emulator_pins)
    assert domain.pinned_cpus | domain.emulator_pins == GuestCpus.of(host.service("nova-compute").config).dedicated
    assert_io_threads(domain, domain.emulator_pins)


@pytest.mark.idempotent_id("163ae126-6ccc-437d-95bf-af79321e0f4f")
def test_guest_without_a_spare_cpu_for_its_isolated_emulator_is_refused(
    cloud: Cloud, create: Create, database: Databases, host: Host
) -> None:
    server = create.server(vcpus=2, extra_specs=ISOLATED, host=host, wait="ERROR")

    assert "No valid host" in server.resource.fault["message"]
    assert database.cell_of(server).row(PLACED, id=server.id) == (None, "error")
    # The guest alone would have found room.
    assert has_room(cloud, host, pcpus=2)
    assert not has_room(cloud, host, pcpus=3)


@pytest.mark.requires("locked-memory")
@pytest.mark.idempotent_id("1e7369e7-7ebc-4392-a520-094b0c699104")
def test_realtime_vcpus_are_those_of_the_mask(create: Create, host: Host) -> None:
    specs = {**DEDICATED, "hw:cpu_realtime": "yes", "hw:cpu_realtime_mask": "^0"}
    server = create.server(vcpus=2, extra_specs=specs, host=host)
    domain = server.domain

    assert {scheduler.scheduler for scheduler in domain.schedulers} == {"fifo"}
    assert frozenset().union(*(scheduler.vcpus for scheduler in domain.schedulers)) == server.realtime_vcpus == {1}
    # What is not in a hurry keeps off the CPU of what is, and no page of either is ever swapped out.
    assert domain.emulator_pins == domain.vcpu_pins[0]
    assert domain.memory_backing.locked
    assert domain.memory_backing.no_share_pages


@pytest.mark.idempotent_id("fec5d448-2cf9-4940-bf85-1e0ad2222b8d")
def test_isolated_vcpus_leave_the_siblings_of_their_cpus_unused(create: Create, host: Host) -> None:
    specs = {**DEDICATED, "hw:cpu_thread_policy": "isolate"}
    a = create.server(vcpus=1, extra_specs=specs, host=host)
    b = create.server(vcpus=1, extra_specs=specs, same_host=a)

    used = a.domain.pinned_cpus | b.domain.pinned_cpus
    assert len(used) == 2
    for cpu in used:
        assert siblings(host, cpu) & used == {cpu}


def has_room(cloud: Cloud, host: Host, *, pcpus: int) -> bool:
    """True if Placement would give so many dedicated CPUs of a host to one guest."""
    answer = cloud.connection.placement.get(f"/allocation_candidates?resources=PCPU:{pcpus}", microversion="1.36")
    return cloud.hypervisor(host).id in answer.json()["provider_summaries"]
