"""What Placement has given to a server outlives an upgrade of the cloud."""

from __future__ import annotations

import pytest

from pytest_upgrade.persistent import Persistent

pytestmark = [pytest.mark.rolling, pytest.mark.requires("placement", "compute", "network", "image")]


@pytest.mark.idempotent_id("575486f5-9112-4854-93ca-e9b45d8d0bf1")
def test_server_holds_what_it_was_given(persistent: Persistent) -> None:
    assert persistent.allocation("web", server="web").changes == ()
