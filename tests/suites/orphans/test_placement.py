"""Nova's servers and what Placement has given to them: neither without the other, and on the same host."""

from __future__ import annotations

import pytest

from pytest_whitebox.core.databases import Databases
from pytest_whitebox.core.hosts import Hosts
from pytest_whitebox.core.lasting import lasting
from pytest_whitebox.server import Server

pytestmark = pytest.mark.requires("placement")

COMPUTES = "SELECT uuid, host FROM compute_nodes WHERE deleted = 0"
SERVERS = "SELECT uuid, host FROM instances WHERE host IS NOT NULL AND deleted = 0"
MOVES = """
    SELECT uuid, source_compute, instance_uuid, dest_compute FROM migrations WHERE deleted = 0
    AND status NOT IN ('completed', 'confirmed', 'reverted', 'error', 'failed', 'cancelled')
"""
GIVEN = """
    SELECT DISTINCT a.consumer_id, root.uuid AS root FROM allocations a
    JOIN resource_providers p ON p.id = a.resource_provider_id
    JOIN resource_providers root ON root.id = p.root_provider_id
"""

#: Who has something, and the host that it is on.
Held = set[tuple[str, str]]


@pytest.mark.smoke
@pytest.mark.idempotent_id("be4f8883-899d-4db1-8cc4-7c4b1edabab5")
def test_each_allocation_has_its_consumer_on_that_host(hosts: Hosts, database: Databases, well: Server) -> None:
    assert (well.id, well.host.name) in given(hosts, database)

    assert not lasting(lambda: given(hosts, database) - consumers(hosts, database, MOVES))


@pytest.mark.smoke
@pytest.mark.idempotent_id("cf997f4c-873d-48f4-97b6-c03b489832f1")
def test_each_server_has_its_allocation_on_its_host(hosts: Hosts, database: Databases, well: Server) -> None:
    assert (well.id, well.host.name) in consumers(hosts, database)

    assert not lasting(lambda: consumers(hosts, database) - given(hosts, database))


def given(hosts: Hosts, database: Databases) -> Held:
    """What Placement has given of compute hosts; other services may have providers, too."""
    cells = {database.cell_of_host(host.name) for host in hosts.computes}
    computes = {row.uuid: row.host for cell in cells for row in cell.rows(COMPUTES)}
    rows = database("placement").rows(GIVEN)
    return {(row.consumer_id, computes[row.root]) for row in rows if row.root in computes}


def consumers(hosts: Hosts, database: Databases, moves: str = "") -> Held:
    """The servers on their hosts; with ``moves`` also what is on its way, which holds the host that it leaves, too."""
    cells = {database.cell_of_host(host.name) for host in hosts.computes}
    found = {(row.uuid, row.host) for cell in cells for row in cell.rows(SERVERS)}
    for move in (row for cell in cells if moves for row in cell.rows(moves)):
        found |= {(move.uuid, move.source_compute), (move.instance_uuid, move.dest_compute)}
    return found
