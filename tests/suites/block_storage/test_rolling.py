"""A volume outlives an upgrade of the cloud with the data that its guest has written, and can be moved."""

from __future__ import annotations

import pytest

from pytest_upgrade.persistent import Persistent

pytestmark = [pytest.mark.rolling, pytest.mark.requires("block-storage", "compute", "network", "image")]


@pytest.mark.idempotent_id("cfc98212-3273-4ba3-87f5-8dd171371663")
def test_volume_has_its_data_and_its_server(persistent: Persistent) -> None:
    assert persistent.volume("data", server="web").changes == ()


@pytest.mark.idempotent_id("59d9bf0d-baa4-4cd3-9243-2a796b39fbf7")
def test_volume_is_written_detached_attached_and_read(persistent: Persistent) -> None:
    assert persistent.volume("data", server="web").use()
