"""Which image guests boot from where nobody has named one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from pytest_whitebox import images
from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.clouds import Choice
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.ledger import Ledger
from pytest_whitebox.create import Create
from tests.doubles.openstack import CORE, Openstack, connected, serve

BEGAN = datetime(2026, 3, 1, tzinfo=UTC).timestamp()


@pytest.fixture
def double() -> Openstack:
    """One with an image of its own, newer ones of some test, and an older one that asks for more disk."""
    double = Openstack(services={**CORE, "image": "v2"})
    upload(double, "newer", 1, "2026-02-01")
    upload(double, "own", 1, "2026-01-01")
    upload(double, "large", 9, "2025-01-01")
    upload(double, "of-a-test", 0, "2026-03-02")
    return double


@pytest.fixture
def connection(double: Openstack) -> Iterator[Any]:
    with serve(double) as url, connected(url) as connection:
        yield connection


def upload(double: Openstack, name: str, disk: int, day: str) -> None:
    double.put(
        "image", "images", id=name, name=name, visibility="public", disk_format="qcow2", min_disk=disk, min_ram=0,
        created_at=f"{day}T00:00:00Z",
    )  # fmt: skip


def test_the_oldest_of_those_that_ask_for_the_smallest_disk(connection: Any) -> None:
    assert images.default(connection, BEGAN).name == "own"


def test_one_that_came_later_where_there_is_no_other(connection: Any) -> None:
    assert images.default(connection, 0).name == "of-a-test"


def test_the_one_that_is_named(connection: Any) -> None:
    assert images.find(connection, "large").name == "large"


def test_a_cloud_without_any_is_told_of(double: Openstack, connection: Any) -> None:
    for image in double.of("image", "images").values():
        image["disk_format"] = "ari"
    with pytest.raises(StackproofError, match="no public image that a guest could boot from"):
        images.default(connection, BEGAN)


def test_it_is_chosen_once_for_a_session(double: Openstack, connection: Any) -> None:
    choice = Choice("lab", "a test", None, None, None, None)
    cloud = Cloud(choice, connection, began=BEGAN)
    first = Create(cloud, Ledger(), "sp-a").guest_image
    upload(double, "antedated", 0, "2024-01-01")
    assert (first.name, Create(cloud, Ledger(), "sp-b").guest_image.name) == ("own", "own")
    # A worker that comes late has not seen the first choice.
    del double.of("image", "images")["antedated"]
    assert Create(Cloud(choice, connection, began=BEGAN), Ledger(), "sp-c").guest_image.name == "own"
