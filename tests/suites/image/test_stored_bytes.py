"""What Glance stores is what was uploaded, by the file itself, by the database and by the API; and it goes again."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import urlsplit

import pytest

from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.databases import Databases
from pytest_whitebox.core.hosts import Hosts
from pytest_whitebox.core.transports.file import read_file_if_there
from pytest_whitebox.core.wait import wait_for
from pytest_whitebox.create import Create

pytestmark = pytest.mark.requires("image")

CONTENT = bytes(range(256)) * 4096
STORED = "SELECT size, checksum, os_hash_algo, os_hash_value, status FROM images WHERE id = :id"
PLACES = "SELECT value FROM image_locations WHERE image_id = :id AND deleted = 0"


@pytest.mark.smoke
@pytest.mark.idempotent_id("d87ab48e-166e-470c-8f93-0b14d147e225")
def test_stored_bytes_are_those_that_were_uploaded(create: Create, database: Databases, hosts: Hosts) -> None:
    image = create.image(content=CONTENT)
    row = database("glance").row(STORED, id=image.id)
    stored = file_of(hosts, place_of(database, image))

    assert stored == CONTENT
    assert (row.size, row.status) == (len(CONTENT), "active")
    assert row.checksum == hashlib.md5(stored, usedforsecurity=False).hexdigest()
    assert row.os_hash_value == hashlib.new(row.os_hash_algo, stored).hexdigest()


@pytest.mark.idempotent_id("c14212a8-7477-4765-b3f0-37d9b19ef1a6")
def test_bytes_of_a_deleted_image_are_gone(cloud: Cloud, create: Create, database: Databases, hosts: Hosts) -> None:
    image = create.image(content=CONTENT)
    place = place_of(database, image)
    assert file_of(hosts, place) == CONTENT

    cloud.connection.image.delete_image(image)
    wait_for(lambda: file_of(hosts, place) is None, timeout=60, every=0.5, what=f"{place} to be gone")
    assert database("glance").row(STORED, id=image.id).status == "deleted"
    assert database("glance").rows(PLACES, id=image.id) == ()


def place_of(database: Databases, image: Any) -> str:
    """The path of an image's file; skips if Glance keeps its images elsewhere."""
    (location,) = database("glance").rows(PLACES, id=image.id)
    parts = urlsplit(location.value)
    if parts.scheme != "file":
        pytest.skip(f"Glance keeps images in {parts.scheme}, not in files: choose another cloud with --os-cloud")
    return str(parts.path)


def file_of(hosts: Hosts, place: str) -> bytes | None:
    """The bytes of the file on the first host with Glance that has it; None if none has."""
    ways = (host.service("glance-api").inside for host in hosts.running("glance-api"))
    return next((data for way in ways if (data := read_file_if_there(way, place)) is not None), None)
