"""Results that were not taken, and how they go later."""

from __future__ import annotations

import base64
import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_ssh_public_key

from pytest_whitebox.core.wait import wait_for
from tests.doubles import certificate, proxy
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


def test_a_server_of_an_own_authority_is_trusted_by_its_name_only(
    engine: Engine, tcup: Tcup, kept: Path, tmp_path: Path
) -> None:
    with serve(certificate.shown(tmp_path, 1)) as refstack:
        words = ("upload", str(kept), "--api", refstack.url)
        stranger = tcup(*words, engine=engine)
        known = tcup(*words, engine=engine, env={"SSL_CERT_FILE": str(tmp_path / "own.pem")})

        assert known.wait() == 0, known.said
        assert stranger.wait() == 3
        assert (
            "/v1/results is not trusted: self-signed certificate; name its authority in SSL_CERT_FILE" in stranger.said
        )
        assert [json.loads(body) for _, body, _ in refstack.seen] == [BODY]


def test_a_proxy_is_taken_and_its_password_is_written_down_nowhere(
    engine: Engine, tcup: Tcup, refstack: Refstack, kept: Path
) -> None:
    """The server does not answer until the container has been looked at."""
    refstack.free.clear()
    with proxy.serve() as between:
        address = f"http://user:canary-7c1f@127.0.0.1:{between.server_port}"
        run = tcup("upload", str(kept), "--api", refstack.url, engine=engine, env={"HTTP_PROXY": address})
        wait_for(lambda: refstack.seen, timeout=120, what="the upload", hint=run.said)
        inspected = [json.dumps(engine.client.inspect_container(one["Id"])) for one in engine.client.containers()]
        refstack.free.set()

        assert run.wait() == 0, run.said
        credentials = base64.b64encode(b"user:canary-7c1f").decode()
        assert between.seen == [(f"{refstack.url}/v1/results", f"Basic {credentials}")]
    assert any("org.stackproof.tcup.pid" in text for text in inspected)
    assert [text for text in (*inspected, run.said) if "canary-7c1f" in text] == []
    written = {str(path): path.read_bytes() for path in engine.written_down()}
    assert written
    assert [path for path, data in written.items() if b"canary-7c1f" in data] == []


def test_who_interrupts_an_upload_need_not_wait_for_the_server(
    engine: Engine, tcup: Tcup, refstack: Refstack, kept: Path, nothing_left: Callable[[], None]
) -> None:
    refstack.free.clear()
    run = tcup("upload", str(kept), "--api", refstack.url, engine=engine)
    wait_for(lambda: refstack.seen, timeout=120, what="the upload", hint=run.said)
    run.process.send_signal(signal.SIGINT)

    assert run.wait() == 130, run.said
    assert json.loads(kept.read_text()) == BODY
    nothing_left()
