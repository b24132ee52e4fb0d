"""Tokens are signed with the keys in Keystone's repository, and a rotation of these loses none."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterator
from posixpath import dirname

import pytest

from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.hosts import Hosts
from pytest_whitebox.core.ledger import Ledger
from pytest_whitebox.core.services import Service
from pytest_whitebox.core.transactions import FOLDER, locked
from pytest_whitebox.core.transports.file import remove_file

from .conftest import is_valid, new_token

pytestmark = pytest.mark.requires("identity")

ROTATE = 'PATH="$1:$PATH"; exec keystone-manage fernet_rotate --keystone-user "$2" --keystone-group "$3"'


@pytest.fixture(scope="module")
def keystone(hosts: Hosts) -> Service:
    """Keystone on the first host that has it."""
    (first, *_) = hosts.running("keystone")
    return first.service("keystone")


@pytest.fixture
def one_at_a_time(keystone: Service) -> Iterator[None]:
    """Two rotations at once would put back each other's keys; other tests need not wait, for no token is lost."""
    folder = repository(keystone)
    with locked(keystone.inside, f"{FOLDER}/fernet-keys.lock", what=folder, wait=120):
        yield


@pytest.mark.smoke
@pytest.mark.idempotent_id("5c170cf1-429f-4308-89ea-b63b90bfbc9c")
def test_token_is_signed_with_the_newest_key_alone(cloud: Cloud, keystone: Service) -> None:
    keys = keys_of(keystone)
    token = new_token(cloud)

    assert [number for number, key in keys.items() if is_signed(token, key)] == [max(keys)]


@pytest.mark.idempotent_id("1e0c4355-b9fd-4769-9b02-354553adfbcb")
def test_rotation_of_keys_keeps_tokens_and_signs_new_ones(
    cloud: Cloud, keystone: Service, one_at_a_time: None, ledger: Ledger
) -> None:
    before, token = keys_of(keystone), new_token(cloud)
    ledger.add("keys of Keystone's tokens", lambda: put_back(keystone, before))
    rotate(keystone)
    after, newer = keys_of(keystone), new_token(cloud)

    assert max(after) == max(before) + 1
    assert after[max(after)] == before[0]
    assert after[0] not in before.values()
    assert [number for number, key in after.items() if is_signed(newer, key)] == [max(after)]
    assert is_valid(cloud, token)
    assert is_valid(cloud, newer)


def repository(keystone: Service) -> str:
    """The folder of the keys, of which 0 is the one to come and the highest number the one in use."""
    return (keystone.config.get("fernet_tokens", "key_repository") or "/etc/keystone/fernet-keys").rstrip("/")


def keys_of(keystone: Service) -> dict[int, bytes]:
    """The keys by their numbers."""
    folder = repository(keystone)
    names = keystone.inside.run(["ls", folder]).stdout.split()
    return {int(name): keystone.inside.read(f"{folder}/{name}") for name in names if name.isdigit()}


def is_signed(token: str, key: bytes) -> bool:
    """True if the signature at the end of a Fernet token is made with the first half of a key."""
    data = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    signing = base64.urlsafe_b64decode(key)[:16]
    return hmac.compare_digest(hmac.digest(signing, data[:-32], "sha256"), data[-32:])


def rotate(keystone: Service) -> None:
    """Have Keystone's own command rotate the keys, as the user whom they belong to."""
    inside, main = keystone.inside, keystone.main
    owner, group = inside.run(["stat", "-c", "%U %G", repository(keystone)]).stdout.split()
    program = inside.run(["cat", f"/proc/{main.pid}/cmdline"]).stdout.partition("\0")[0] if main else ""
    inside.run(["sh", "-c", ROTATE, "sh", dirname(program) or "/usr/bin", owner, group])


def put_back(keystone: Service, keys: dict[int, bytes]) -> None:
    """The keys as they were: no moment is without one that a token was signed with."""
    folder = repository(keystone)
    for number, key in keys.items():
        keystone.inside.write(f"{folder}/{number}", key)
    for number in set(keys_of(keystone)) - set(keys):
        remove_file(keystone.inside, f"{folder}/{number}")
