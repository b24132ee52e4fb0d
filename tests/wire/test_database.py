"""Against a MariaDB of our own on the loopback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from pytest_whitebox.core.databases import Database, DatabaseError, Databases, parse_url
from pytest_whitebox.core.errors import StackproofError
from tests.wire.mariadb import CANARY, Server


class Tunnels:
    """Leads everything to the server, and remembers what was asked for."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.asked: list[tuple[str, int]] = []

    @contextmanager
    def __call__(self, host: str, port: int) -> Iterator[tuple[str, int]]:
        self.asked.append((host, port))
        yield "127.0.0.1", self.server.port
        self.asked.append(("closed", port))


@pytest.fixture
def tunnels(mariadb: Server) -> Tunnels:
    return Tunnels(mariadb)


@pytest.fixture
def database(mariadb: Server, tunnels: Tunnels) -> Iterator[Database]:
    database = Database.connect(parse_url(mariadb.url()), tunnels)
    yield database
    database.close()


def test_rows_are_values(database: Database) -> None:
    rows = database.rows("SELECT id, name FROM things WHERE id >= :least ORDER BY id", least=1)

    assert [(row.id, row.name) for row in rows] == [(1, "one"), (2, "two")]
    assert database.row("SELECT name FROM things WHERE id = :id", id=2).name == "two"
    with pytest.raises(AttributeError):
        rows[0].name = "other"


def test_each_query_sees_what_was_committed_meanwhile(database: Database, mariadb: Server) -> None:
    query = "SELECT count(*) AS n FROM things WHERE id = 3"
    assert database.row(query).n == 0

    mariadb.execute("INSERT INTO shop.things VALUES (3, 'three')")
    assert database.row(query).n == 1
    mariadb.execute("DELETE FROM shop.things WHERE id = 3")


def test_writing_is_refused(database: Database) -> None:
    with pytest.raises(DatabaseError, match="READ ONLY"):
        database.rows("DELETE FROM things")
    assert len(database.rows("SELECT id FROM things")) == 2


@pytest.mark.parametrize(("least", "count"), [(1, 2), (99, 0)])
def test_one_row_means_one(database: Database, least: int, count: int) -> None:
    with pytest.raises(DatabaseError, match=f"{count} rows where one was expected"):
        database.row("SELECT id FROM things WHERE id >= :least", least=least)


def test_a_database_on_its_own_hosts_loopback_is_reached_through_that_host(
    database: Database, tunnels: Tunnels
) -> None:
    database.rows("SELECT 1")
    database.close()

    assert tunnels.asked == [("127.0.0.1", tunnels.server.port), ("closed", tunnels.server.port)]


@pytest.mark.parametrize("password", [CANARY, f"wrong-{CANARY}"])
def test_the_password_is_never_told(mariadb: Server, tunnels: Tunnels, password: str) -> None:
    database = Database.connect(parse_url(mariadb.url(password=password)), tunnels)

    with pytest.raises(DatabaseError) as caught:
        database.rows("SELECT nothing FROM nowhere")
    told = f"{caught.value.sentence} {caught.value.__notes__} {database!r} {parse_url(mariadb.url())!r}"
    assert "nowhere" in told
    assert CANARY not in told


def test_what_is_no_url_is_not_told_either() -> None:
    with pytest.raises(DatabaseError, match="is no URL") as caught:
        parse_url(CANARY)
    assert CANARY not in caught.value.sentence


@dataclass(frozen=True)
class Instance:
    id: str


def test_the_cell_of_a_server_is_found_by_its_mapping(mariadb: Server, tunnels: Tunnels) -> None:
    template = "{scheme}://{username}:{password}@{hostname}:{port}/mysql?{query}"
    mariadb.execute(f"INSERT INTO shop.cell_mappings VALUES (7, 'cell7', '{template}')")
    databases = Databases(lambda *_: [(parse_url(mariadb.url()), tunnels)])

    assert databases.cell_of(Instance("aaaa")).row("SELECT database() AS name").name == "mysql"
    assert databases("nova_api").row("SELECT database() AS name").name == "shop"
    databases.close()


def test_a_database_that_nobody_is_configured_for() -> None:
    with pytest.raises(StackproofError, match="no configuration names the database 'glance'") as caught:
        Databases(lambda *_: [])("glance")
    assert "glance-api" in caught.value.hint
    with pytest.raises(StackproofError, match="no database is known as 'shop'"):
        Databases(lambda *_: [])("shop")
