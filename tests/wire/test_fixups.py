"""Fix-ups against a MariaDB of our own: all of it or nothing, and the rows are kept first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pytest_cleanup.fixups.doing import do, shown
from pytest_cleanup.fixups.servers import STUCK_DELETING
from pytest_cleanup.fixups.volumes import STUCK_ATTACHING
from pytest_cleanup.resource import Resource
from pytest_whitebox.core.databases import Databases, parse_url
from pytest_whitebox.core.errors import StackproofError
from tests.wire.mariadb import Server

#: As much of the tables as the fix-ups need, with the types that Nova and Cinder give them.
TABLES = """
CREATE TABLE volumes (id VARCHAR(36), status VARCHAR(255), attach_status VARCHAR(255), updated_at DATETIME,
    deleted TINYINT, deleted_at DATETIME);
CREATE TABLE volume_attachment (volume_id VARCHAR(36), attach_status VARCHAR(255), detach_time DATETIME,
    deleted TINYINT, deleted_at DATETIME, connector TEXT);
CREATE TABLE instances (id INT, uuid VARCHAR(36), vm_state VARCHAR(255), task_state VARCHAR(255),
    terminated_at DATETIME, deleted INT, deleted_at DATETIME);
CREATE TABLE block_device_mapping (id INT, instance_uuid VARCHAR(36), deleted INT, deleted_at DATETIME);
CREATE TABLE instance_info_caches (id INT, instance_uuid VARCHAR(36), deleted INT, deleted_at DATETIME);
CREATE TABLE instance_mappings (instance_uuid VARCHAR(36), cell_id INT, queued_for_delete TINYINT);
CREATE TABLE cell_mappings (id INT, name VARCHAR(20), database_connection TEXT);
INSERT INTO cell_mappings VALUES (7, 'cell7', '{scheme}://{username}:{password}@{hostname}:{port}/stuck');
INSERT INTO volumes VALUES ('v1', 'attaching', 'attaching', NULL, 0, NULL), ('v2', 'in-use', 'attached', NULL, 0, NULL);
INSERT INTO volume_attachment VALUES ('v1', 'attaching', NULL, 0, NULL, '{}'), ('v2', 'attached', NULL, 0, NULL, '{}');
INSERT INTO instances VALUES (1, 's1', 'active', 'deleting', NULL, 0, NULL), (2, 's2', 'active', NULL, NULL, 0, NULL);
INSERT INTO block_device_mapping VALUES (11, 's1', 0, NULL), (12, 's2', 0, NULL);
INSERT INTO instance_info_caches VALUES (21, 's1', 0, NULL), (22, 's2', 0, NULL);
INSERT INTO instance_mappings VALUES ('s1', 7, 0), ('s2', 7, 0);
"""


@dataclass(frozen=True)
class Stuck:
    """The databases of services, all in one of a real server."""

    databases: Databases
    server: Server

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.databases("cinder").rows(query)]


@pytest.fixture
def stuck(mariadb: Server) -> Iterator[Stuck]:
    mariadb.execute("DROP DATABASE IF EXISTS stuck")
    mariadb.execute("CREATE DATABASE stuck")
    for statement in TABLES.strip().split(";\n"):
        mariadb.execute(statement, "stuck")
    databases = Databases(lambda *_: [(parse_url(mariadb.url(name="stuck")), mariadb.forward)])
    yield Stuck(databases, mariadb)
    databases.close()


def test_volume_stuck_attaching_is_free(stuck: Stuck, tmp_path: Path) -> None:
    assert do(STUCK_ATTACHING, Resource("volume", "v1", status="attaching"), stuck.databases, tmp_path) == 2

    assert stuck.rows("SELECT id, status, attach_status FROM volumes ORDER BY id") == [
        ("v1", "available", "detached"), ("v2", "in-use", "attached"),
    ]  # fmt: skip
    assert stuck.rows("SELECT volume_id, deleted FROM volume_attachment ORDER BY volume_id") == [("v1", 1), ("v2", 0)]


def test_server_stuck_deleting_is_deleted_in_all_databases(stuck: Stuck, tmp_path: Path) -> None:
    assert do(STUCK_DELETING, Resource("server", "s1"), stuck.databases, tmp_path) == 4

    assert stuck.rows("SELECT uuid, vm_state, deleted FROM instances ORDER BY id") == [
        ("s1", "deleted", 1), ("s2", "active", 0),
    ]  # fmt: skip
    assert stuck.rows("SELECT id, deleted FROM block_device_mapping ORDER BY id") == [(11, 11), (12, 0)]
    assert stuck.rows("SELECT queued_for_delete FROM instance_mappings ORDER BY instance_uuid") == [(1,), (0,)]


def test_rows_are_kept_as_they_were(stuck: Stuck, tmp_path: Path) -> None:
    do(STUCK_ATTACHING, Resource("volume", "v1", status="attaching"), stuck.databases, tmp_path)

    (file,) = tmp_path.iterdir()
    kept = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(one["table"], one["row"].get("status", one["row"]["attach_status"])) for one in kept] == [
        ("volume_attachment", "attaching"), ("volumes", "attaching"),
    ]  # fmt: skip
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("resource", [Resource("server", "s2"), Resource("server", "s1")], ids=["well", "cell refuses"])
def test_server_that_is_not_stuck_stays_in_all_databases(stuck: Stuck, tmp_path: Path, resource: Resource) -> None:
    if resource.id == "s1":
        stuck.server.execute("ALTER TABLE stuck.instance_info_caches DROP COLUMN deleted_at")
    before = stuck.rows("SELECT * FROM instances"), stuck.rows("SELECT * FROM instance_mappings")

    with pytest.raises(StackproofError):
        do(STUCK_DELETING, resource, stuck.databases, tmp_path)
    assert (stuck.rows("SELECT * FROM instances"), stuck.rows("SELECT * FROM instance_mappings")) == before


def test_nothing_is_changed_whose_rows_cannot_be_kept(stuck: Stuck, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        do(STUCK_ATTACHING, Resource("volume", "v1", status="attaching"), stuck.databases, tmp_path / "none")

    assert stuck.rows("SELECT status FROM volumes WHERE id = 'v1'") == [("attaching",)]


def test_plan_shows_it_as_sql() -> None:
    name, attachments, volume = shown(STUCK_ATTACHING, Resource("volume", "v1", status="attaching"))

    assert name == "-- volume-stuck-attaching, in the database cinder, one transaction"
    assert attachments.startswith("UPDATE volume_attachment SET deleted = 1, deleted_at = UTC_TIMESTAMP(), ")
    assert attachments.endswith(" WHERE volume_id = 'v1' AND deleted = 0;")
    assert volume.endswith(" WHERE id = 'v1' AND deleted = 0 AND status IN ('attaching', 'detaching', 'reserved');")
