"""A host whose cores have several threads: two vCPUs of a guest share a core, or keep others off theirs."""

from __future__ import annotations

import pytest

from pytest_whitebox.core.configuration import GuestCpus
from pytest_whitebox.core.hosts import Host, Hosts
from pytest_whitebox.create import Create

from .conftest import GiveCpus, cpus_of, siblings

pytestmark = pytest.mark.requires("libvirt", "placement", "smt", pcpus=6)

DEDICATED = {"hw:cpu_policy": "dedicated"}


@pytest.fixture(scope="module")
def host(hosts: Hosts, module_alone: None, give_cpus: GiveCpus) -> Host:
    """A compute host, all of whose cores but one are for dedicated use, each with all its threads."""
    host = next(host for host in hosts.computes if len(siblings(host, cpus_of(host)[0])) > 1)
    shared = siblings(host, cpus_of(host)[0])
    give_cpus({host: GuestCpus(dedicated=frozenset(cpus_of(host)) - shared, shared=shared)})
    return host


@pytest.mark.parametrize("policy", ["prefer", "require"])
@pytest.mark.idempotent_id("0b149a85-3125-4be6-9d97-9f56599d7263")
def test_two_vcpus_are_threads_of_one_core(create: Create, host: Host, policy: str) -> None:
    server = create.server(vcpus=2, extra_specs={**DEDICATED, "hw:cpu_thread_policy": policy}, host=host)
    pins = server.domain.pinned_cpus

    assert len(pins) == 2
    assert pins <= siblings(host, min(pins))
    assert server.affinity == server.domain.vcpu_pins


@pytest.mark.idempotent_id("2a797fc1-ce80-4163-b40d-f37f6f74032b")
def test_isolated_vcpus_have_a_core_each(create: Create, host: Host) -> None:
    specs = {**DEDICATED, "hw:cpu_thread_policy": "isolate"}
    server, other = (create.server(vcpus=count, extra_specs=specs, host=host) for count in (2, 1))
    pins = server.domain.pinned_cpus | other.domain.pinned_cpus

    assert len(pins) == 3
    for cpu in pins:
        assert siblings(host, cpu) & pins == {cpu}
