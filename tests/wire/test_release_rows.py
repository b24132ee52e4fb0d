"""What databases tell of the release of the services that use them, from a MariaDB of our own on the loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext

import pytest
from sqlalchemy import create_engine, text

from pytest_upgrade.release import rows
from pytest_upgrade.release.clue import Clue, Verdict
from pytest_upgrade.release.table import MASTER, releases
from pytest_whitebox.core.databases import Databases, parse_url
from pytest_whitebox.core.databases.databases import SOURCES
from tests.wire.mariadb import Server
from tests.wire.postgresql import postgresql

HEADS = {
    "keystone": ["47147121", "c88cdce8f248"], "nova_api": ["cdeec0c85668"], "nova": ["2903cd72dc14"],
    "neutron": ["5c85685d616d", "ad80a9f07c5c"], "cinder": ["9c74c1c6971f"], "glance": ["2024_1_contract01"],
    "placement": ["a082b8bb98d0"],
}  # fmt: skip
#: As PostgreSQL has it: a service that reports, one that was removed, one that went away, one that has not begun.
CINDER = """
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);
INSERT INTO alembic_version VALUES ('9c74c1c6971f');
CREATE TABLE services (host TEXT, "binary" TEXT, rpc_current_version TEXT, deleted BOOLEAN, updated_at TIMESTAMP);
INSERT INTO services VALUES
    ('controller@nfs', 'cinder-volume', '3.20', false, now() AT TIME ZONE 'UTC'),
    ('left@nfs', 'cinder-volume', '3.16', true, now() AT TIME ZONE 'UTC'),
    ('gone@nfs', 'cinder-volume', '3.16', false, now() AT TIME ZONE 'UTC' - INTERVAL '2 days'),
    ('new@nfs', 'cinder-volume', '3.16', false, NULL)
"""
Ask = Callable[[], list[Clue]]


@pytest.fixture
def ask(mariadb: Server) -> Iterator[Ask]:
    """Asks for all clues of databases as a devcloud of 2025.1 has them."""
    for name, heads in HEADS.items():
        mariadb.execute(f"CREATE OR REPLACE DATABASE {name}")
        mariadb.execute(f"CREATE TABLE {name}.alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
        for head in heads:
            mariadb.execute(f"INSERT INTO {name}.alembic_version VALUES ('{head}')")
    mariadb.execute(
        "CREATE TABLE nova.services (host TEXT, `binary` TEXT, version INT, deleted INT, updated_at DATETIME)"
    )
    mariadb.execute(
        "CREATE TABLE cinder.services"
        " (host TEXT, `binary` TEXT, rpc_current_version TEXT, deleted BOOL, updated_at DATETIME)"
    )
    mariadb.execute("INSERT INTO nova.services VALUES ('compute1', 'nova-compute', 68, 0, UTC_TIMESTAMP())")
    mariadb.execute(
        "INSERT INTO cinder.services VALUES ('controller@nfs', 'cinder-volume', '3.20', 0, UTC_TIMESTAMP()),"
        " ('controller', 'cinder-scheduler', '3.12', 0, UTC_TIMESTAMP()),"
        " ('gone@nfs', 'cinder-volume', '3.16', 0, UTC_TIMESTAMP() - INTERVAL 2 DAY)"
    )
    groups = {(SOURCES[name][0][0], SOURCES[name][1]): name for name in HEADS}
    databases = Databases(
        lambda service, group: (
            [(parse_url(mariadb.url(name=name)), mariadb.forward)] if (name := groups.get((service, group))) else []
        )
    )
    yield lambda: list(rows.clues(databases))
    databases.close()


def of(clues: list[Clue], service: str) -> dict[str, frozenset[str]]:
    return {f"{clue.source} {clue.said}": clue.releases for clue in clues if clue.service == service}


def test_rows_and_schemas_are_of_their_release(ask: Ask) -> None:
    clues = ask()

    assert of(clues, "compute")["row of nova-compute version 68"] == {"2025.1"}
    assert of(clues, "block-storage") == {
        "row of cinder-volume RPC 3.20": {"2025.1", "2025.2", "2026.1", "2026.2"},
        "schema cinder 9c74c1c6971f": {"2024.1", "2024.2", "2025.1", "2025.2", "2026.1", "2026.2"},
    }
    assert of(clues, "network")["schema neutron ad80a9f07c5c"] == {"2025.1"}
    assert of(clues, "identity")["schema keystone 47147121"] == {"2024.1", "2024.2", "2025.1", "2025.2"}
    for service in {clue.service for clue in clues}:
        assert "2025.1" in Verdict.on(service, clues).releases


def test_schema_that_is_migrated_in_part_is_at_no_one_release(ask: Ask, mariadb: Server) -> None:
    mariadb.execute("UPDATE glance.alembic_version SET version_num = '2023_1_contract01'")
    mariadb.execute("INSERT INTO glance.alembic_version VALUES ('2024_1_expand01')")

    verdict = Verdict.on("image", ask())
    assert verdict.contradicts
    assert "schema says glance 2023_1_contract01" in verdict.sentence()
    assert "schema says glance 2024_1_expand01" in verdict.sentence()


def test_head_that_no_release_has_tells_nothing(ask: Ask, mariadb: Server) -> None:
    mariadb.execute("UPDATE placement.alembic_version SET version_num = '0123456789ab'")

    assert of(ask(), "placement") == {"schema placement 0123456789ab": frozenset({*releases(), MASTER})}


def test_database_that_cannot_be_read_hides_no_other(ask: Ask, mariadb: Server) -> None:
    whole = ask()
    mariadb.execute("DROP DATABASE nova")

    found = ask()
    silent = [clue for clue in found if clue.source == "database nova"]
    lost = {"row of nova-compute", "schema nova"}
    left = [clue for clue in whole if clue.source not in lost and not clue.said.startswith("nova ")]
    assert [clue for clue in found if clue not in silent] == left
    assert 0 < len(left) < len(whole)
    told = [clue.said.partition(" did not answer: ") for clue in silent]
    assert {before.partition(" ")[0] for before, _, _ in told} == {"nothing:"}
    assert [said for _, _, said in told if "nova.services" in said or "Unknown database" in said]
    (old,) = [clue for clue in whole if clue.source == "row of nova-compute"]
    assert Verdict.on("compute", [*silent, old]).releases == old.releases


def test_table_that_cannot_be_read_hides_no_other_of_its_database(ask: Ask, mariadb: Server) -> None:
    mariadb.execute("DROP TABLE cinder.services")

    source, head = [(clue.source, clue.said) for clue in ask() if clue.service == "block-storage"]
    assert source == ("schema", "cinder 9c74c1c6971f")
    assert head[0] == "database cinder"
    assert "Table 'cinder.services' doesn't exist" in head[1]


@pytest.fixture
def url() -> Iterator[str]:
    with postgresql() as url:
        yield url


def test_rows_and_schemas_of_postgresql_are_read_as_well(url: str) -> None:
    with create_engine(url, isolation_level="AUTOCOMMIT").connect() as session:
        for statement in CINDER.strip().split(";\n"):
            session.execute(text(statement))
    there = parse_url(url)
    way = [(there, lambda *_: nullcontext(("127.0.0.1", there.port or 0)))]
    databases = Databases(lambda service, _: way if service.startswith("cinder") else [])
    assert set(of(list(rows.clues(databases)), "block-storage")) == {
        "row of cinder-volume RPC 3.20", "schema cinder 9c74c1c6971f",
    }  # fmt: skip
    databases.close()
