"""Nova's servers and what Placement has given to them: neither without the other, and on the same host."""

from __future__ import annotations

import pytest

from pytest_whitebox.core.databases import Databases
from pytest_whitebox.core.hosts import Hosts
from pytest_whitebox.core.lasting import lasting
from pytest_whitebox.core.orphans.placement import consumers, given, without_consumer
from pytest_whitebox.server import Server

pytestmark = pytest.mark.requires("placement")


@pytest.mark.smoke
@pytest.mark.idempotent_id("be4f8883-899d-4db1-8cc4-7c4b1edabab5")
def test_each_allocation_has_its_consumer_on_that_host(hosts: Hosts, database: Databases, well: Server) -> None:
    assert (well.id, well.host.name) in given(hosts, database)

    assert not lasting(lambda: without_consumer(hosts, database))


@pytest.mark.smoke
@pytest.mark.idempotent_id("cf997f4c-873d-48f4-97b6-c03b489832f1")
def test_each_server_has_its_allocation_on_its_host(hosts: Hosts, database: Databases, well: Server) -> None:
    assert (well.id, well.host.name) in consumers(hosts, database)

    assert not lasting(lambda: consumers(hosts, database) - given(hosts, database))
