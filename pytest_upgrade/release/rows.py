"""What the databases tell: the versions that services have written into their rows, and how far the schema is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from pytest_upgrade.release import table
from pytest_upgrade.release.clue import SCHEMA, Clue
from pytest_whitebox.core.errors import StackproofError

if TYPE_CHECKING:
    from pytest_whitebox.core.databases import Databases

#: A service that has not reported for a day is one that was taken away and left its row.
_SERVICES = """
    SELECT host, `binary` AS name, version FROM services
    WHERE deleted = 0 AND updated_at > UTC_TIMESTAMP() - INTERVAL 1 DAY
"""
_VOLUME_SERVICES = """
    SELECT host, rpc_current_version AS version FROM services
    WHERE deleted = 0 AND `binary` = 'cinder-volume' AND updated_at > UTC_TIMESTAMP() - INTERVAL 1 DAY
"""
_HEADS = "SELECT version_num FROM alembic_version"
#: Whose schema each database holds.
_SCHEMAS = {
    "keystone": "identity", "nova_api": "compute", "nova": "compute", "neutron": "network", "cinder": "block-storage",
    "glance": "image", "placement": "placement",
}  # fmt: skip


def clues(databases: Databases) -> Iterator[Clue]:
    """A clue for each service of Nova and each volume service that reports, and for each head of a schema.

    A database that cannot be reached tells nothing.
    """
    for look in (_compute, _volume):
        with suppress(StackproofError):
            yield from look(databases)
    for database in _SCHEMAS:
        with suppress(StackproofError):
            yield from _schema(databases, database)


def _compute(databases: Databases) -> Iterator[Clue]:
    seen = {(str(row.host), str(row.name), int(row.version)) for row in databases("nova").rows(_SERVICES)}
    for host, name, version in sorted(seen):
        yield Clue("compute", f"row of {name}", f"version {version}", table.of_service_version(version), host)


def _volume(databases: Databases) -> Iterator[Clue]:
    seen = {(str(row.host), str(row.version)) for row in databases("cinder").rows(_VOLUME_SERVICES)}
    for host, version in sorted(seen):
        yield Clue("block-storage", "row of cinder-volume", f"RPC {version}", table.of_volume_rpc(version), host)


def _schema(databases: Databases, database: str) -> Iterator[Clue]:
    """A clue for each head, for a schema that is migrated in part is at two releases."""
    for head in sorted(str(row.version_num) for row in databases(database).rows(_HEADS)):
        yield Clue(_SCHEMAS[database], SCHEMA, f"{database} {head}", table.of_head(database, head))
