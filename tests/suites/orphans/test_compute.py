"""Nova's servers and what compute hosts have of them: neither without the other."""

from __future__ import annotations

import pytest

from pytest_whitebox.core.databases import Databases
from pytest_whitebox.core.hosts import Host, Hosts
from pytest_whitebox.core.lasting import lasting
from pytest_whitebox.core.orphans.compute import (
    devices_without_server,
    domains,
    folders,
    folders_without_server,
    servers,
    without_server,
)
from pytest_whitebox.server import Server

from .conftest import on_each

pytestmark = pytest.mark.requires("libvirt")

PLACED = "SELECT uuid, host FROM instances WHERE host IS NOT NULL AND deleted = 0"
#: A domain is there as soon as it has been started once, and gone while a server is shelved or was never built.
BUILT = """
    SELECT uuid FROM instances WHERE host = :host AND deleted = 0
    AND vm_state IN ('active', 'paused', 'stopped', 'suspended', 'rescued', 'resized')
"""


@pytest.mark.smoke
@pytest.mark.idempotent_id("2fcc06dd-d508-461e-a40f-b2318cb3fe01")
def test_each_domain_has_its_server(hosts: Hosts, database: Databases, well: Server) -> None:
    assert well.id in domains(well.host)

    assert not lasting(lambda: without_server(hosts, database))


@pytest.mark.smoke
@pytest.mark.idempotent_id("c25c24cd-8c62-4989-a053-205ca2a21391")
def test_each_server_has_its_domain(hosts: Hosts, database: Databases, well: Server) -> None:
    assert well.id in built(database, well.host)

    assert not lasting(on_each(hosts.computes, lambda host: built(database, host) - domains(host)))


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
    assert well.id in folders(well.host)

    assert not lasting(lambda: folders_without_server(hosts, database))


@pytest.mark.idempotent_id("c1346943-db0b-431e-85ca-87f8a311a017")
def test_each_pci_device_in_use_has_its_server_on_that_host(hosts: Hosts, database: Databases, well: Server) -> None:
    assert well.id in servers(database, well.host)

    assert not lasting(lambda: devices_without_server(hosts, database))


def built(database: Databases, host: Host) -> set[str]:
    """The servers on a host that must have a domain."""
    return {row.uuid for row in database.cell_of_host(host.name).rows(BUILT, host=host.name)}


def placed(hosts: Hosts, database: Databases) -> set[tuple[str, str]]:
    """Each server that has been given a host, and the host."""
    cells = {database.cell_of_host(host.name) for host in hosts.computes}
    return {(row.uuid, row.host) for cell in cells for row in cell.rows(PLACED)}
