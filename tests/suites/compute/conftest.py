"""Hosts whose CPUs are given to guests in some way, for all tests of a module: each change restarts nova-compute."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack

import pytest

from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.configuration import GuestCpus
from pytest_whitebox.core.cpuset import parse_cpus
from pytest_whitebox.core.domain import Domain
from pytest_whitebox.core.hosts import Host
from pytest_whitebox.core.together import together
from pytest_whitebox.core.wait import wait_for

#: The Nova that gives each guest an I/O thread, and later ones do: 2026.1.
IO_THREADS = 33
#: ``give_cpus({host: GuestCpus(…)})``
GiveCpus = Callable[[Mapping[Host, GuestCpus]], None]


@pytest.fixture(scope="module")
def give_cpus() -> Iterator[GiveCpus]:
    """Say which CPUs of hosts guests get, until the last test of the module is over; all hosts at the same time."""
    with ExitStack() as stack:
        yield lambda cpus: stack.enter_context(giving(cpus))


@pytest.fixture(scope="module")
def empty_host(cloud: Cloud, module_host: Host) -> Host:
    """A compute host without guests: CPUs that guests float on cannot be taken away from it."""
    return emptied(cloud, module_host)


def giving(cpus: Mapping[Host, GuestCpus]) -> AbstractContextManager[None]:
    """Hosts that give these CPUs to guests for as long as the context lasts."""
    return together([host.service("nova-compute").set_config(given.options) for host, given in cpus.items()])


def emptied(cloud: Cloud, host: Host) -> Host:
    """The host, once the guests of tests before are gone from it."""
    wait_for(
        lambda: not guests_on(cloud, host), timeout=600, every=1, what=f"{host.name} to have no guests",
        hint=f"see `openstack server list --all-projects --host {host.name}`",
    )  # fmt: skip
    return host


def guests_on(cloud: Cloud, host: Host) -> list[str]:
    """The servers that Nova has on a host."""
    return [server.id for server in cloud.connection.compute.servers(all_projects=True, compute_host=host.name)]


def wait_for_guests_to_be(cloud: Cloud, host: Host, *, allowed: bool) -> None:
    """Wait until Placement knows whether a host gets guests: Nova tells it last when libvirt is gone, or back."""
    url = f"/resource_providers/{cloud.hypervisor(host).id}/traits"

    def disabled() -> bool:
        traits = cloud.connection.placement.get(url, microversion="1.36").json()["traits"]
        return "COMPUTE_STATUS_DISABLED" in traits

    word = "enable" if allowed else "disable"
    wait_for(lambda: disabled() != allowed, timeout=180, every=1, what=f"Nova to {word} {host.name}")


def cpus_of(host: Host) -> list[int]:
    """The CPUs of a host that are online, in their order."""
    return sorted(parse_cpus(host.file("/sys/devices/system/cpu/online").content_string))


def assert_io_threads(domain: Domain, cpus: frozenset[int]) -> None:
    """Each I/O thread of a guest is pinned to these CPUs, or to none if they are none; an older Nova gives none."""
    assert domain.nova is not None
    number = 1 if int((domain.nova.package or "0").partition(".")[0]) >= IO_THREADS else 0

    assert (domain.iothreads or 0) == number
    assert domain.iothread_pins == (dict.fromkeys(range(1, number + 1), cpus) if cpus else {})


def siblings(host: Host, cpu: int) -> frozenset[int]:
    """The threads of the core that a CPU is one of, itself among them."""
    return parse_cpus(host.file(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list").content_string)
