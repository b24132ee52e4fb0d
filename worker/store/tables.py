"""The tables of jobs. All times are seconds since 1970, UTC; secrets are in none of them."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Double,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    insert,
    select,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.schema import CreateTable

from pytest_whitebox.core.errors import StackproofError

VERSION = 1
metadata = MetaData()
# MariaDB's own TEXT ends at 64 KiB.
_TEXT = Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")


def _row() -> Column[int]:
    return Column("id", Integer, primary_key=True)


def _job() -> Column[str]:
    return Column("job", String(36), nullable=False, index=True)


#: Which schema the store has; one row.
schema = Table("worker_schema", metadata, Column("version", Integer, nullable=False))

#: ``lease`` is the digest of what only the worker knows that has the job, until ``lease_until``.
jobs = Table(
    "job", metadata,
    Column("id", String(36), primary_key=True),
    Column("payload", _TEXT, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("submitter", String(64), nullable=False),
    Column("priority", String(8), nullable=False),
    Column("state", String(12), nullable=False),
    Column("created", Double, nullable=False),
    Column("began", Double, nullable=False),
    Column("changed", Double, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("deaths", Integer, nullable=False),
    Column("worker", String(128), nullable=False),
    Column("lease", String(64), nullable=False),
    Column("lease_until", Double, nullable=False),
    Column("dispatched", Boolean, nullable=False),
    Column("stop", String(16), nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("logged", Integer, nullable=False),
    Column("sentence", _TEXT, nullable=False),
    Column("counts", JSON, nullable=False),
    Index("ix_job_state_lease", "state", "lease_until"),
)  # fmt: skip

#: Each change of a job's state, and what else is worth knowing.
events = Table(
    "job_event", metadata, _row(), _job(),
    Column("at", Double, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("state", String(12), nullable=False),
    Column("worker", String(128), nullable=False),
    Column("text", _TEXT, nullable=False),
)  # fmt: skip

#: What a run printed, piece by piece.
log = Table(
    "job_log", metadata, _row(), _job(),
    Column("attempt", Integer, nullable=False),
    Column("text", _TEXT, nullable=False),
)  # fmt: skip

#: What became of each test, of the one attempt that counts.
results = Table(
    "job_result", metadata, _row(), _job(),
    Column("test", String(512), nullable=False),
    Column("uuid", String(64), nullable=False),
    Column("outcome", String(12), nullable=False),
    Column("seconds", Double, nullable=False),
    Column("why", _TEXT, nullable=False),
)  # fmt: skip

#: What a callback is still to be told, in its order.
notices = Table(
    "job_notice", metadata, _row(), _job(),
    Column("url", String(1024), nullable=False),
    Column("body", _TEXT, nullable=False),
    Column("due", Double, nullable=False),
    Column("tries", Integer, nullable=False),
)  # fmt: skip


def make(connection: Connection) -> None:
    """Make what is missing; raises `StackproofError` for a store of a newer stackproof."""
    for table in (schema, jobs, events, log, results, notices):
        connection.execute(CreateTable(table, if_not_exists=True))
        for index in table.indexes:
            index.create(connection, checkfirst=True)
    found = connection.execute(select(schema.c.version)).scalar()
    if found is None:
        connection.execute(insert(schema).values(version=VERSION))
    elif found > VERSION:
        raise StackproofError(
            f"the store has schema {found}, and this worker knows schemas up to {VERSION}",
            hint="use the worker that wrote it, or a newer one",
        )
