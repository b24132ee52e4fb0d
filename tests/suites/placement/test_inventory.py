"""What Placement says that a compute host offers is what the host has."""

from __future__ import annotations

import pytest

from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.configuration import GuestCpus
from pytest_whitebox.core.cpuset import parse_cpus
from pytest_whitebox.core.databases import Databases
from pytest_whitebox.core.hosts import Host, Hosts

pytestmark = pytest.mark.requires("placement", "libvirt")

STORED = """
    SELECT c.name, i.total FROM inventories i
    JOIN resource_classes c ON c.id = i.resource_class_id
    JOIN resource_providers p ON p.id = i.resource_provider_id
    WHERE p.uuid = :id
"""
_LOCAL = (None, "default", "flat", "qcow2", "raw")


@pytest.mark.smoke
@pytest.mark.idempotent_id("b89dcb3b-e499-428b-a2f4-6488be3f3809")
def test_cpus_are_those_that_the_host_gives_to_guests(cloud: Cloud, hosts: Hosts, database: Databases) -> None:
    for host in hosts.computes:
        cpus = GuestCpus.of(host.service("nova-compute").config)
        online = parse_cpus(host.file("/sys/devices/system/cpu/online").content_string)
        floating = cpus.shared if cpus.dedicated or cpus.shared else online

        found = inventory(cloud, database, host)
        assert (found.get("VCPU", 0), found.get("PCPU", 0)) == (len(floating), len(cpus.dedicated))


@pytest.mark.smoke
@pytest.mark.idempotent_id("c7039dd0-2aa8-4c80-828a-3d1b9b8afb36")
def test_memory_is_that_of_the_host(cloud: Cloud, hosts: Hosts, database: Databases) -> None:
    for host in hosts.computes:
        said = host.run(["virsh", "--connect", host.deployment.libvirt_uri, "nodeinfo"]).stdout
        (kib,) = (line.split()[-2] for line in said.splitlines() if line.startswith("Memory size:"))

        assert inventory(cloud, database, host)["MEMORY_MB"] == int(kib) // 1024


@pytest.mark.smoke
@pytest.mark.idempotent_id("f12cfdb5-5041-42a2-a6ec-17ccb0569a04")
def test_disk_is_that_of_the_instances_folder(cloud: Cloud, hosts: Hosts, database: Databases) -> None:
    local = [host for host in hosts.computes if keeps_disks_in_files(host)]
    if not local:
        pytest.skip("needs a compute host that keeps disks in files: [libvirt] images_type names another store on all")
    for host in local:
        config = host.service("nova-compute").config
        folder = config.get("DEFAULT", "instances_path") or "/var/lib/nova/instances"
        size = host.run(["df", "--block-size=1", "--output=size", folder]).stdout.split()[-1]

        assert inventory(cloud, database, host)["DISK_GB"] == int(size) // 1024**3


def inventory(cloud: Cloud, database: Databases, host: Host) -> dict[str, int]:
    """The totals of a host by resource class, from Placement's database."""
    return {row.name: row.total for row in database("placement").rows(STORED, id=cloud.hypervisor(host).id)}


def keeps_disks_in_files(host: Host) -> bool:
    """True if the disks of guests are files in the instances folder."""
    return host.service("nova-compute").config.get("libvirt", "images_type") in _LOCAL
