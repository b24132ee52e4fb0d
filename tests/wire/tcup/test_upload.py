"""Results that were not taken, and how they go later."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_ssh_public_key

from tests.doubles.refstack import Refstack, serve
from tests.wire.tcup.conftest import Tcup
from tests.wire.tcup.engine import Engine

BODY = {"cpid": "c0ffee", "duration_seconds": 7, "results": [{"name": "tempest.a.B.test_c", "uuid": "0a6c"}]}


@pytest.fixture
def refstack() -> Iterator[Refstack]:
    with serve() as server:
        yield server


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    file = tmp_path / "refstack.json"
    file.write_text(json.dumps(BODY))
    return file


def test_a_signed_upload_is_of_the_same_bytes(engine: Engine, tcup: Tcup, refstack: Refstack, kept: Path) -> None:
    key = kept.with_name("key")
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", key], check=True)

    run = tcup("upload", str(kept), "--api", refstack.url, "--identify", str(key), engine=engine)

    assert run.wait() == 0, run.said
    ((_, body, headers),) = refstack.seen
    public = load_ssh_public_key(headers["X-Public-Key"].encode())
    assert isinstance(public, rsa.RSAPublicKey)
    public.verify(bytes.fromhex(headers["X-Signature"]), body, padding.PKCS1v15(), hashes.SHA256())
    assert json.loads(body) == BODY


@pytest.mark.parametrize(
    ("code", "sentence"),
    [(400, "did not take the results: 400 "), (301, "sends elsewhere, to http://127.0.0.1:1/; give that address")],
)
def test_a_refusal_is_one_sentence(
    engine: Engine, tcup: Tcup, refstack: Refstack, kept: Path, code: int, sentence: str
) -> None:
    refstack.code, refstack.location = code, "http://127.0.0.1:1/"

    run = tcup("upload", str(kept), "--api", refstack.url, engine=engine)

    assert run.wait() == 3
    assert sentence in run.said
    assert "Traceback" not in run.said
    assert len(refstack.seen) == 1
    assert json.loads(kept.read_text()) == BODY
