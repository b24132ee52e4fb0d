"""A server outlives an upgrade of the cloud: the same one, not rebooted, at work, and it still obeys."""

from __future__ import annotations

import pytest

from pytest_upgrade.persistent import Persistent
from pytest_upgrade.store.baseline import Baselines

pytestmark = [pytest.mark.rolling, pytest.mark.requires("compute", "network", "image")]


@pytest.mark.idempotent_id("90bd04c5-aa52-442d-9412-34fb2a8ebb28")
def test_server_is_what_it_was(persistent: Persistent) -> None:
    assert persistent.server("web").changes == ()


@pytest.mark.idempotent_id("c4816193-d075-4631-9cde-78a024aae640")
def test_server_is_not_rebooted(persistent: Persistent, baseline: Baselines) -> None:
    server = persistent.server("web")

    assert server.boot_id == baseline("boot_id")


@pytest.mark.idempotent_id("691a26a0-1532-48bd-bb1a-78af9873b851")
def test_guest_has_worked_all_the_time(persistent: Persistent) -> None:
    server = persistent.server("web")

    assert [str(outage) for outage in server.outages] == []


@pytest.mark.idempotent_id("c33345c0-8cc8-44ee-826f-8d7ae9119c72")
def test_server_obeys(persistent: Persistent) -> None:
    assert persistent.server("web").use()
