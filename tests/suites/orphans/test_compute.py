"""Nova's servers and what compute hosts have of them: neither without the other."""

from __future__ import annotations

import re

import pytest

from pytest_whitebox.core.databases import Databases
from pytest_whitebox.core.hosts import Host, Hosts
from pytest_whitebox.core.lasting import lasting
from pytest_whitebox.server import Server

from .conftest import on_each

pytestmark = pytest.mark.requires("libvirt")

HERE = "SELECT uuid FROM instances WHERE host = :host AND deleted = 0"
PLACED = "SELECT uuid, host FROM instances WHERE host IS NOT NULL AND deleted = 0"
#: A domain is there as soon as it has been started once, and gone while a server is shelved or was never built.
BUILT = HERE + " AND vm_state IN ('active', 'paused', 'stopped', 'suspended', 'rescued', 'resized')"
LEAVING = """
    SELECT instance_uuid FROM migrations WHERE source_compute = :host AND deleted = 0
    AND status NOT IN ('completed', 'confirmed', 'reverted', 'error', 'failed', 'cancelled')
"""
TAKEN = "SELECT address, instance_uuid FROM pci_devices WHERE status IN ('claimed', 'allocated') AND deleted = 0"
FOLDER = re.compile(r"^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:_resize|_del)?$")


@pytest.mark.smoke
@pytest.mark.idempotent_id("2fcc06dd-d508-461e-a40f-b2318cb3fe01")
def test_each_domain_has_its_server(hosts: Hosts, database: Databases, well: Server) -> None:
    assert well.id in domains(well.host)

    assert not lasting(on_each(hosts.computes, lambda host: domains(host) - servers(database, host, HERE, LEAVING)))


@pytest.mark.smoke
@pytest.mark.idempotent_id("c25c24cd-8c62-4989-a053-205ca2a21391")
def test_each_server_has_its_domain(hosts: Hosts, database: Databases, well: Server) -> None:
    assert well.id in servers(database, well.host, BUILT)

    assert not lasting(on_each(hosts.computes, lambda host: servers(database, host, BUILT) - domains(host)))


@pytest.mark.idempotent_id("2803fc0b-9017-46ca-8c32-c487edec9017")
def test_each_server_is_on_a_host_that_there_is(hosts: Hosts, database: Databases, well: Server) -> None:
    assert (well.id, well.host.name) in placed(hosts, database)

    names = {host.name for host in hosts.computes}
    assert not lasting(lambda: {(uuid, host) for uuid, host in placed(hosts, database) if host not in names})


@pytest.mark.idempotent_id("893aa068-dda0-42fb-a2f3-cc80c176675b")
def test_no_server_runs_on_two_hosts(hosts: Hosts, well: Server) -> None:
    running = {host: domains(host, "--state-running") for host in hosts.computes}
    assert sum(well.id in found for found in running.values()) == 1

    def twice() -> set[str]:
        seen = [uuid for host in hosts.computes for uuid in domains(host, "--state-running")]
        return {uuid for uuid in seen if seen.count(uuid) > 1}

    assert not lasting(twice)


@pytest.mark.smoke
@pytest.mark.idempotent_id("c71c33ca-71e2-4d5c-8635-21b950facb7e")
def test_each_instance_folder_has_its_server(hosts: Hosts, database: Databases, well: Server) -> None:
    # Hosts that keep disks in one place see those of each other.
    sharing = [host for host in hosts.computes if well.id in folders(host)]
    assert well.host in sharing

    def left(host: Host) -> set[str]:
        owners = sharing if host in sharing else [host]
        return folders(host) - {uuid for owner in owners for uuid in servers(database, owner, HERE, LEAVING)}

    assert not lasting(on_each(hosts.computes, left))


@pytest.mark.idempotent_id("c1346943-db0b-431e-85ca-87f8a311a017")
def test_each_pci_device_in_use_has_its_server(hosts: Hosts, database: Databases, well: Server) -> None:
    cells = {database.cell_of_host(host.name) for host in hosts.computes}
    assert database.cell_of(well) in cells

    def stale() -> set[tuple[str, str]]:
        known = {uuid for host in hosts.computes for uuid in servers(database, host, HERE, LEAVING)}
        return {(row.address, row.instance_uuid) for cell in cells for row in cell.rows(TAKEN)
                if row.instance_uuid not in known}  # fmt: skip

    assert not lasting(stale)


def servers(database: Databases, host: Host, *queries: str) -> set[str]:
    """The servers that Nova's database has on a host."""
    cell = database.cell_of_host(host.name)
    return {row[0] for query in queries for row in cell.rows(query, host=host.name)}


def placed(hosts: Hosts, database: Databases) -> set[tuple[str, str]]:
    """Each server that has been given a host, and the host."""
    cells = {database.cell_of_host(host.name) for host in hosts.computes}
    return {(row.uuid, row.host) for cell in cells for row in cell.rows(PLACED)}


def domains(host: Host, *which: str) -> set[str]:
    """The domains of a host, those that do not run too."""
    words = which or ("--all",)
    return set(host.run(["virsh", "--connect", host.deployment.libvirt_uri, "list", "--uuid", *words]).stdout.split())


def folders(host: Host) -> set[str]:
    """The servers that a host has a folder of, for their disks."""
    path = host.service("nova-compute").config.get("DEFAULT", "instances_path") or "/var/lib/nova/instances"
    names = host.run(["ls", "-1", path]).stdout.splitlines()
    return {found[1] for name in names if (found := FOLDER.match(name))}
