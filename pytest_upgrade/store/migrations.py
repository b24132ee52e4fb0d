"""The schema of the store, made and carried forward; each step can be done twice, so that one cut short is no harm."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlalchemy import Connection, Table, insert, select, update
from sqlalchemy.schema import CreateIndex, CreateTable

from pytest_upgrade.store import tables
from pytest_whitebox.core.errors import StackproofError


def _first(connection: Connection) -> None:
    """Runs, and what belongs to them."""
    _create(connection, (tables.runs, *tables.OF_VERSION[0]))


def _second(connection: Connection) -> None:
    """Evidence of releases, and signs of health."""
    _create(connection, tables.OF_VERSION[1])


def _third(connection: Connection) -> None:
    """Copies of samples."""
    _create(connection, tables.OF_VERSION[2])


def _create(connection: Connection, wanted: Iterable[Table]) -> None:
    for table in wanted:
        connection.execute(CreateTable(table, if_not_exists=True))
        for index in table.indexes:
            if connection.dialect.name == "mysql":
                # MySQL has no IF NOT EXISTS for an index.
                index.create(connection, checkfirst=True)
            else:
                connection.execute(CreateIndex(index, if_not_exists=True))


#: What leads from each version to the next, beginning with no store at all.
MIGRATIONS: tuple[Callable[[Connection], None], ...] = (_first, _second, _third)
VERSION = len(MIGRATIONS)


def migrate(connection: Connection) -> None:
    """Carry a store to this version; raises `StackproofError` for one that a newer stackproof has made."""
    connection.execute(CreateTable(tables.schema, if_not_exists=True))
    found = connection.execute(select(tables.schema.c.version)).scalar()
    if found is None:
        connection.execute(insert(tables.schema).values(version=0))
    if (found or 0) > VERSION:
        raise StackproofError(
            f"the store has schema {found}, and this stackproof knows schemas up to {VERSION}",
            hint="use the stackproof that wrote it, or a newer one",
        )
    for step in MIGRATIONS[found or 0 :]:
        step(connection)
    connection.execute(update(tables.schema).values(version=VERSION))
