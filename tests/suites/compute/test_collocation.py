"""Guests of two hosts that come together on one by live migration: none takes a CPU that another has for itself."""

from __future__ import annotations

import pytest

from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.configuration import GuestCpus
from pytest_whitebox.core.databases import Databases, recorded_topology
from pytest_whitebox.core.hosts import Hosts
from pytest_whitebox.create import Create
from pytest_whitebox.fixtures import Hold

from .conftest import cpus_of, emptied, giving

pytestmark = [pytest.mark.requires("libvirt", "placement", computes=2), pytest.mark.slow]

DEDICATED = {"hw:cpu_policy": "dedicated"}


@pytest.mark.requires(pcpus=2)
@pytest.mark.idempotent_id("55290564-87a7-4a25-872f-d9e3870aeab0")
def test_two_pinned_guests_have_different_cpus_after_they_met(
    cloud: Cloud, create: Create, database: Databases, hosts: Hosts, hold: Hold
) -> None:
    here, there = emptied(cloud, hosts.computes[0]), hosts.computes[1]
    two = GuestCpus.split(cpus_of(here)[:2], dedicated=2)
    hold(giving({here: two, there: GuestCpus.split(cpus_of(there)[:2], dedicated=1)}))
    a = create.server(vcpus=1, extra_specs=DEDICATED, host=here)
    b = create.server(vcpus=1, extra_specs=DEDICATED, host=there)

    b.live_migrate(here)
    assert a.domain.pinned_cpus | b.domain.pinned_cpus == two.dedicated
    assert a.domain.pinned_cpus.isdisjoint(b.domain.pinned_cpus)
    for server in (a, b):
        recorded = recorded_topology(database, server)
        assert recorded is not None
        assert recorded.pins == server.affinity == server.domain.vcpu_pins


@pytest.mark.requires(pcpus=3)
@pytest.mark.idempotent_id("bb8a8889-7a96-41ef-967c-bda49b23f6cf")
def test_two_pinned_and_two_floating_guests_keep_apart_on_one_host(create: Create, hosts: Hosts, hold: Hold) -> None:
    here, there = hosts.computes[:2]
    first, second, third = cpus_of(here)[:3]
    cpus = GuestCpus(dedicated=frozenset({second, third}), shared=frozenset({first}))
    hold(giving({here: GuestCpus.split([first, second, third], dedicated=2), there: cpus}))
    pinned = [create.server(vcpus=1, extra_specs=DEDICATED, host=host) for host in (here, there)]
    floating = [create.server(vcpus=1, host=host) for host in (here, there)]

    for server in (pinned[0], floating[0]):
        server.live_migrate(there)
    a, b = (server.domain.pinned_cpus for server in pinned)
    assert a | b == cpus.dedicated
    assert a.isdisjoint(b)
    for server in floating:
        assert server.affinity == {0: server.domain.cpuset} == {0: cpus.shared}
