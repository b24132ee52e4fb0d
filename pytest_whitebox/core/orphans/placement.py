"""What Placement has given to those who are not there any more."""

from __future__ import annotations

from pytest_whitebox.core.databases import Databases
from pytest_whitebox.core.hosts import Hosts
from pytest_whitebox.core.orphans.orphan import Orphan

_COMPUTES = "SELECT uuid, host FROM compute_nodes WHERE deleted = 0"
_SERVERS = "SELECT uuid, host FROM instances WHERE host IS NOT NULL AND deleted = 0"
_MOVES = """
    SELECT uuid, source_compute, instance_uuid, dest_compute FROM migrations WHERE deleted = 0
    AND status NOT IN ('completed', 'confirmed', 'reverted', 'error', 'failed', 'cancelled')
"""
_GIVEN = """
    SELECT DISTINCT a.consumer_id, root.uuid AS root FROM allocations a
    JOIN resource_providers p ON p.id = a.resource_provider_id
    JOIN resource_providers root ON root.id = p.root_provider_id
"""

#: Who has something, and the host that it is on.
Held = set[tuple[str, str]]


def without_consumer(hosts: Hosts, database: Databases) -> set[Orphan]:
    """Allocations of servers that are not on that host, nor moving to or from it."""
    left = given(hosts, database) - consumers(hosts, database, moving=True)
    return {Orphan("allocation", consumer, host, "consumer") for consumer, host in left}


def given(hosts: Hosts, database: Databases) -> Held:
    """What Placement has given of compute hosts; other services may have providers, too."""
    cells = {database.cell_of_host(host.name) for host in hosts.computes}
    computes = {row.uuid: row.host for cell in cells for row in cell.rows(_COMPUTES)}
    rows = database("placement").rows(_GIVEN)
    return {(row.consumer_id, computes[row.root]) for row in rows if row.root in computes}


def consumers(hosts: Hosts, database: Databases, *, moving: bool = False) -> Held:
    """The servers on their hosts; also what is ``moving``, which holds the host that it leaves, too."""
    cells = {database.cell_of_host(host.name) for host in hosts.computes}
    found = {(row.uuid, row.host) for cell in cells for row in cell.rows(_SERVERS)}
    for move in (row for cell in cells if moving for row in cell.rows(_MOVES)):
        found |= {(move.uuid, move.source_compute), (move.instance_uuid, move.dest_compute)}
    return found
