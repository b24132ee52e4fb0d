"""Switching a cloud off: guests first, then what keeps data, then the power."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from devcloud.cloud import Cloud
from devcloud.hosts import fabric
from devcloud.hosts.host import Host
from devcloud.services import runit
from devcloud.topology import COMPUTE
from pytest_whitebox.core.wait import WaitTimeout, wait_for

#: Seconds that guests have to shut down cleanly before their host goes.
_GUEST_TIMEOUT = 20
#: What must write its data to disk before the power goes, and the seconds it has.
KEEPS_DATA = ("mariadb", "rabbitmq")
DATA_TIMEOUT = 20


def down(cloud: Cloud) -> bool:
    """Leave no process, mount, namespace or interface; what is kept lies in the state folder. False if it was down."""
    hosts = [on for plan in cloud.topology.hosts if (on := cloud.find(plan))]
    with ThreadPoolExecutor(max(1, len(hosts))) as pool:
        for _ in pool.map(lambda on: guests_off(on) if on.plan.role == COMPUTE else None, hosts):
            pass
        for _ in pool.map(lambda on: _services_off(cloud, on), hosts):
            pass
    for on in hosts:
        on.holder.kill()
    links = fabric.holder(cloud.state)
    if links:
        fabric.down(links, cloud.topology)
    return bool(hosts or links)


def _services_off(cloud: Cloud, on: Host) -> None:
    """Stop what writes to the databases, then the databases; the rest bears a power cut."""
    here = [service for plan, service in cloud.placements() if plan == on.plan]
    runit.stop(on, [service.name for service in here if service.schema], timeout=4)
    runit.stop(on, [service.name for service in here if service.name in KEEPS_DATA], timeout=DATA_TIMEOUT)


def guests_off(compute: Host) -> None:
    """Press the power button of every guest of a compute host, and pull the plug of those that do not listen.

    Nova's agent goes first: it would take the shut down guests for the user's wish and record it.
    """
    runit.stop(compute, ["nova-compute"], timeout=5)
    names = _running(compute)
    for name in names:
        compute.run(["virsh", "shutdown", name, "--mode", "acpi"], check=False, timeout=10)
    try:
        wait_for(
            lambda: not _running(compute), timeout=_GUEST_TIMEOUT, what=f"the guests of {compute.name} to shut down"
        )
    except WaitTimeout:
        for name in _running(compute):
            compute.run(["virsh", "destroy", name], check=False, timeout=10)


def _running(compute: Host) -> list[str]:
    return compute.run(["virsh", "list", "--name"], check=False, timeout=10).stdout.split()
