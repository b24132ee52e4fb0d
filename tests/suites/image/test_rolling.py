"""An image outlives an upgrade of the cloud, byte for byte."""

from __future__ import annotations

import pytest

from pytest_upgrade.persistent import Persistent

pytestmark = [pytest.mark.rolling, pytest.mark.requires("image")]


@pytest.mark.idempotent_id("8d772da7-101c-4ec6-b695-25747485e83e")
def test_image_is_what_it_was(persistent: Persistent) -> None:
    assert persistent.image("noise").changes == ()


@pytest.mark.idempotent_id("93bac066-8c1a-48a6-b9cb-bff5d0060a13")
def test_image_is_downloaded_as_it_was_uploaded(persistent: Persistent) -> None:
    assert persistent.image("noise").use()
