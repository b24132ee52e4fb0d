"""The tables of the store. A column that comes later is also a migration; secrets are in none of them."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Double,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects import mysql

metadata = MetaData()

# MariaDB's own TEXT and BLOB end at 64 KiB.
_TEXT = Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
_BYTES = LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")


def _row() -> Column[int]:
    return Column("id", Integer, primary_key=True)


def _run() -> Column[str]:
    return Column("run", String(32), nullable=False, index=True)


#: Which schema the store has; one row.
schema = Table("stackproof_schema", metadata, Column("version", Integer, nullable=False))

#: All times are seconds since 1970, UTC.
runs = Table(
    "run", metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("cloud", String(255), nullable=False),
    Column("host", String(255), nullable=False),
    Column("region", String(255), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("release_from", String(32), nullable=False),
    Column("release_to", String(32), nullable=False),
    Column("began", Double, nullable=False),
    Column("closed", Double),
)  # fmt: skip

#: One pytest process, with its workers, in one phase; one that was killed has no end.
attempts = Table(
    "attempt", metadata, _row(), _run(),
    Column("phase", String(16), nullable=False),
    Column("began", Double, nullable=False),
    Column("ended", Double),
    Column("outcome", String(16), nullable=False),
    Column("machine", String(255), nullable=False),
)  # fmt: skip

#: What the upgrade did, step by step; a step without a name is the upgrade itself.
events = Table(
    "event", metadata, _row(), _run(),
    Column("step", String(255), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("service", String(64), nullable=False),
    Column("host", String(255), nullable=False),
    Column("at", Double, nullable=False),
    Column("ok", Boolean),
    Column("text", _TEXT, nullable=False),
    Column("source", String(64), nullable=False),
)  # fmt: skip

#: What became of each test in each attempt; what was imported belongs to attempt 0.
outcomes = Table(
    "outcome", metadata, _row(), _run(),
    Column("attempt", Integer, nullable=False),
    Column("phase", String(16), nullable=False),
    Column("test", String(512), nullable=False),
    Column("service", String(64), nullable=False),
    Column("tag", String(32), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("reason", _TEXT, nullable=False),
    Column("seconds", Double, nullable=False),
)  # fmt: skip

#: What outlives the upgrade; noted before it is made, so that one half made is known.
resources = Table(
    "resource", metadata, _row(), _run(),
    Column("kind", String(32), nullable=False),
    Column("name", String(128), nullable=False),
    Column("spec", JSON, nullable=False),
    Column("state", JSON, nullable=False),
    Column("noted", Double, nullable=False),
    Column("made", Double),
    Column("gone", Double),
    UniqueConstraint("run", "kind", "name"),
)  # fmt: skip

#: What was found of it: level by level, phase by phase; ``ok`` is null where it could not be judged.
findings = Table(
    "finding", metadata, _row(), _run(),
    Column("phase", String(16), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("name", String(128), nullable=False),
    Column("level", String(16), nullable=False),
    Column("ok", Boolean),
    Column("text", _TEXT, nullable=False),
    Column("at", Double, nullable=False),
)  # fmt: skip

#: Values that a test saw before the upgrade.
baselines = Table(
    "baseline", metadata, _row(), _run(),
    Column("test", String(512), nullable=False),
    Column("name", String(128), nullable=False),
    Column("value", JSON, nullable=False),
    Column("at", Double, nullable=False),
    UniqueConstraint("run", "test", "name"),
)  # fmt: skip

#: Files: the output of a deployer's step, the log of a test.
artifacts = Table(
    "artifact", metadata, _row(), _run(),
    Column("phase", String(16), nullable=False),
    Column("name", String(255), nullable=False),
    Column("media", String(64), nullable=False),
    Column("data", _BYTES, nullable=False),
    Column("at", Double, nullable=False),
)  # fmt: skip

#: Clues to the release of a service; ``releases`` are those of which the clue is true.
evidence = Table(
    "evidence", metadata, _row(), _run(),
    Column("phase", String(16), nullable=False),
    Column("service", String(64), nullable=False),
    Column("host", String(255), nullable=False),
    Column("source", String(255), nullable=False),
    Column("said", _TEXT, nullable=False),
    Column("releases", JSON, nullable=False),
    Column("at", Double, nullable=False),
)  # fmt: skip

#: Signs of health; ``ok`` is null where a check could not be made.
signs = Table(
    "sign", metadata, _row(), _run(),
    Column("phase", String(16), nullable=False),
    Column("service", String(64), nullable=False),
    Column("host", String(255), nullable=False),
    Column("check", String(255), nullable=False),
    Column("ok", Boolean),
    Column("said", _TEXT, nullable=False),
    Column("at", Double, nullable=False),
)  # fmt: skip

#: A copy of what an observer has seen, for those who do not have its file: a compressed SQLite file in pieces.
pieces = Table(
    "sample_piece", metadata, _row(), _run(),
    Column("number", Integer, nullable=False),
    Column("data", _BYTES, nullable=False),
    Column("at", Double, nullable=False),
)  # fmt: skip

#: The tables that hold what belongs to one run, by the version of the schema that brought them.
OF_VERSION = (
    (attempts, events, outcomes, resources, findings, baselines, artifacts),
    (evidence, signs),
    (pieces,),
)  # fmt: skip
#: The same in the order in which an archive has them.
OF_A_RUN = tuple(table for tables in OF_VERSION for table in tables)
