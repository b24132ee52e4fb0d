"""An object outlives an upgrade of the cloud, byte for byte, and is listed."""

from __future__ import annotations

import pytest

from pytest_upgrade.persistent import Persistent

pytestmark = [pytest.mark.rolling, pytest.mark.requires("object-store")]


@pytest.mark.idempotent_id("50c50b3a-caa5-42ac-91e3-a16abf1a132b")
def test_object_is_what_it_was(persistent: Persistent) -> None:
    assert persistent.object("noise").changes == ()


@pytest.mark.idempotent_id("c8a938d2-45fc-43fd-85d1-867da27b39d4")
def test_object_is_read_and_another_is_written_beside_it(persistent: Persistent) -> None:
    assert persistent.object("noise").use()
