"""A secret is given back to its owner, and to nobody who reads the database."""

from __future__ import annotations

import pytest

from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.databases import Databases
from pytest_whitebox.create import Create

pytestmark = pytest.mark.requires("key-manager")

PAYLOAD = "the payload that nobody else may read"
STORED = "SELECT content_type, cypher_text FROM encrypted_data WHERE secret_id = :id AND deleted = 0"


@pytest.mark.smoke
@pytest.mark.idempotent_id("f66628d9-bed7-494a-9d01-7df83ff43079")
def test_secret_is_given_back_and_lies_encrypted_in_the_database(
    cloud: Cloud, create: Create, database: Databases
) -> None:
    secret = create.secret(PAYLOAD)
    assert cloud.connection.key_manager.get_secret(secret.secret_id).payload == PAYLOAD

    stored = database("barbican").row(STORED, id=secret.secret_id)

    assert stored.content_type == "text/plain"
    assert len(stored.cypher_text) > len(PAYLOAD)
    assert PAYLOAD not in stored.cypher_text
