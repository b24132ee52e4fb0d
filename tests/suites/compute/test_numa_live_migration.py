"""Guests on the move between two hosts whose CPUs are given out the other way round: what they are on follows."""

from __future__ import annotations

import pytest

from pytest_whitebox.core.configuration import GuestCpus
from pytest_whitebox.core.databases import Databases, recorded_topology
from pytest_whitebox.core.hosts import Host, Hosts
from pytest_whitebox.create import Create

from .conftest import GiveCpus, assert_io_threads, cpus_of

pytestmark = [pytest.mark.requires("libvirt", "placement", computes=2, pcpus=2), pytest.mark.slow]

DEDICATED = {"hw:cpu_policy": "dedicated", "hw:emulator_threads_policy": "share"}

Pair = tuple[tuple[Host, GuestCpus], tuple[Host, GuestCpus]]


@pytest.fixture(scope="module")
def pair(hosts: Hosts, module_alone: None, give_cpus: GiveCpus) -> Pair:
    """Two hosts and which of their CPUs are for what: what is dedicated on one is shared on the other."""
    here, there = hosts.computes[:2]
    first, second = cpus_of(here)[:2]
    on_here = GuestCpus(dedicated=frozenset({first}), shared=frozenset({second}))
    on_there = GuestCpus(dedicated=on_here.shared, shared=on_here.dedicated)
    give_cpus({here: on_here, there: on_there})
    return (here, on_here), (there, on_there)


@pytest.mark.idempotent_id("13cbfebd-989a-42ae-851e-9b088a595280")
def test_pins_and_emulator_follow_the_cpus_of_the_host(create: Create, database: Databases, pair: Pair) -> None:
    (here, before), (there, after) = pair
    server = create.server(vcpus=1, extra_specs=DEDICATED, host=here)

    for host, cpus in ((here, before), (there, after), (here, before)):
        if server.host is not host:
            server.live_migrate(host)
        domain, recorded = server.domain, recorded_topology(database, server)
        assert recorded is not None
        assert recorded.pins == server.affinity == domain.vcpu_pins == {0: cpus.dedicated}
        assert server.emulator_affinity == domain.emulator_pins == cpus.shared
        assert_io_threads(domain, cpus.shared)


@pytest.mark.idempotent_id("7000cda0-15d5-43b4-a6d0-cd6c8b4e27eb")
def test_shared_guest_floats_on_the_shared_cpus_of_the_host(create: Create, pair: Pair) -> None:
    (here, before), (there, after) = pair
    server = create.server(vcpus=1, host=here)
    assert server.affinity == {0: server.domain.cpuset} == {0: before.shared}

    server.live_migrate(there)
    assert server.affinity == {0: server.domain.cpuset} == {0: after.shared}


@pytest.mark.idempotent_id("50ef008a-0247-43bd-9c01-d383d5889b67")
def test_pins_of_the_new_host_outlive_a_soft_reboot(create: Create, pair: Pair) -> None:
    (here, before), (there, after) = pair
    server = create.server(vcpus=1, extra_specs=DEDICATED, host=here)
    assert server.domain.pinned_cpus == before.dedicated
    server.live_migrate(there)

    # Where the guest does not hear of it, Nova makes its domain anew: what libvirt would start is looked at before.
    pid = server.pid
    assert server.inactive_domain.vcpu_pins == {0: after.dedicated}
    server.reboot()
    assert server.pid != pid
    assert server.affinity == server.domain.vcpu_pins == {0: after.dedicated}
