"""A password is in the database as a salted hash, and as nothing else."""

from __future__ import annotations

import pytest

from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.databases import Databases
from pytest_whitebox.core.hosts import Hosts
from pytest_whitebox.create import Create

pytestmark = pytest.mark.requires("identity")

PASSWORD = "the-password-that-nobody-else-may-read"
HASHES = """
    SELECT p.password_hash FROM password p JOIN local_user u ON u.id = p.local_user_id
    WHERE u.user_id = :id ORDER BY p.id
"""
#: How the hashes of `[identity] password_hash_algorithm` begin.
MARKS = {
    "bcrypt": "$2b$", "bcrypt_sha256": "$bcrypt-sha256$", "scrypt": "$scrypt$", "pbkdf2_sha512": "$pbkdf2-sha512$",
}  # fmt: skip


@pytest.mark.idempotent_id("f2495cf5-a3c4-4c2d-8d38-4d17e484b6dc")
def test_equal_passwords_are_hashed_with_salts_of_their_own(create: Create, hosts: Hosts, database: Databases) -> None:
    users = [create.user(password=PASSWORD) for _ in range(2)]
    config = hosts.running("keystone")[0].service("keystone").config
    mark = MARKS[config.get("identity", "password_hash_algorithm") or "bcrypt"]
    stored = [database("keystone").row(HASHES, id=user.id).password_hash for user in users]

    assert stored[0] != stored[1]
    for one in stored:
        assert one.startswith(mark)
        assert PASSWORD not in one


@pytest.mark.idempotent_id("cb34b072-f8e8-43a9-bd32-3324e428e647")
def test_changed_password_is_another_hash(cloud: Cloud, create: Create, database: Databases) -> None:
    user = create.user(password=PASSWORD)
    before = database("keystone").row(HASHES, id=user.id).password_hash
    cloud.connection.identity.update_user(user, password=f"{PASSWORD}-2")
    after = database("keystone").rows(HASHES, id=user.id)[-1].password_hash

    assert after != before
