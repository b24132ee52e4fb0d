"""A token that is revoked is so in the database, where every Keystone sees it."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.databases import Databases

from .conftest import is_valid, new_token, shown

pytestmark = pytest.mark.requires("identity")

REVOKED = "SELECT revoked_at FROM revocation_event WHERE audit_id = :id"


@pytest.mark.smoke
@pytest.mark.idempotent_id("aafed484-ff05-460f-841d-8d83360040e5")
def test_revoked_token_is_refused_and_recorded(cloud: Cloud, database: Databases) -> None:
    token, other = new_token(cloud), new_token(cloud)
    own_id = shown(cloud, token)["audit_ids"][0]
    assert database("keystone").rows(REVOKED, id=own_id) == ()

    identity: Any = cloud.connection.identity
    assert identity.delete("/auth/tokens", headers={"X-Subject-Token": token}).status_code == 204
    assert len(database("keystone").rows(REVOKED, id=own_id)) == 1
    assert not is_valid(cloud, token)
    assert is_valid(cloud, other)
