"""What the databases tell: the versions that services have written into their rows, and how far the schema is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pytest_upgrade.release import table
from pytest_upgrade.release.clue import SCHEMA, Clue
from pytest_whitebox.core.errors import StackproofError

if TYPE_CHECKING:
    from pytest_whitebox.core.databases import Database, Databases

#: In words that MariaDB and PostgreSQL have in common: neither the time of now nor `binary` is called the same in both.
_SERVICES = "SELECT * FROM services"
_HEADS = "SELECT version_num FROM alembic_version"
#: A service that has not reported for so long is one that was taken away and left its row.
_AWAY = timedelta(days=1)
#: Whose schema each database holds.
_SCHEMAS = {
    "keystone": "identity", "nova_api": "compute", "nova": "compute", "neutron": "network", "cinder": "block-storage",
    "glance": "image", "placement": "placement",
}  # fmt: skip


def clues(databases: Databases) -> Iterator[Clue]:
    """A clue for each service of Nova and each volume service that reports, and for each head of a schema.

    A database that cannot be read tells nothing of a release, and why: a clue that decides nothing.
    """
    for name, service in _SCHEMAS.items():
        why: set[str] = set()
        for look in (*_ROWS.get(name, ()), _schema):
            try:
                yield from look(databases(name), name)
            except StackproofError as error:
                why.add(str(error))
        any_release = frozenset({*table.releases(), table.MASTER})
        yield from (Clue(service, f"database {name}", f"nothing: {one}", any_release) for one in sorted(why))


def _compute(database: Database, _: str) -> Iterator[Clue]:
    seen = {(str(row.host), str(row.binary), int(row.version)) for row in _reporting(database)}
    for host, name, version in sorted(seen):
        yield Clue("compute", f"row of {name}", f"version {version}", table.of_service_version(version), host)


def _volume(database: Database, _: str) -> Iterator[Clue]:
    rows = [row for row in _reporting(database) if row.binary == "cinder-volume"]
    for host, version in sorted({(str(row.host), str(row.rpc_current_version)) for row in rows}):
        yield Clue("block-storage", "row of cinder-volume", f"RPC {version}", table.of_volume_rpc(version), host)


def _reporting(database: Database) -> list[Any]:
    """The rows of services that are there and report; the time in them is UTC and does not say so."""
    since = datetime.now(UTC).replace(tzinfo=None) - _AWAY
    return [row for row in database.rows(_SERVICES) if not row.deleted and row.updated_at and row.updated_at > since]


def _schema(database: Database, name: str) -> Iterator[Clue]:
    """A clue for each head, for a schema that is migrated in part is at two releases."""
    for head in sorted(str(row.version_num) for row in database.rows(_HEADS)):
        yield Clue(_SCHEMAS[name], SCHEMA, f"{name} {head}", table.of_head(name, head))


#: Whose services write their versions into the database.
_ROWS: Mapping[str, tuple[Callable[[Database, str], Iterator[Clue]], ...]] = {"nova": (_compute,), "cinder": (_volume,)}
