"""Results for Refstack: what is sent, that the signature holds, and what is said where the server refuses."""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_ssh_public_key

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.refstack import Unavailable, annotate, hidden_cpid, payload, signature, token, upload
from tests.doubles.refstack import Refstack, serve


@pytest.fixture
def refstack() -> Iterator[Refstack]:
    with serve() as server:
        yield server


def _key(folder: Path, kind: str) -> Path:
    command = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(folder / kind)]
    subprocess.run([*command, *(["-b", "2048"] if kind == "rsa" else [])], check=True)
    return folder / kind


def test_only_what_the_server_can_hold_is_sent() -> None:
    body = json.loads(payload("c" * 200, 1.4, [("a" * 512, ""), ("b" * 513, ""), ("c", "0a6c"), ("c", "0a6c")]))

    assert body == {
        "cpid": "c" * 128, "duration_seconds": 1, "results": [{"name": "a" * 512}, {"name": "c", "uuid": "0a6c"}],
    }  # fmt: skip
    with pytest.raises(StackproofError, match="no test has passed"):
        payload("c", 1, [("b" * 513, "")])


def test_the_signature_is_of_the_bytes_that_are_sent(tmp_path: Path) -> None:
    headers = signature(b"the body", _key(tmp_path, "rsa"))
    public = load_ssh_public_key(headers["X-Public-Key"].encode())

    assert isinstance(public, rsa.RSAPublicKey)
    public.verify(bytes.fromhex(headers["X-Signature"]), b"the body", padding.PKCS1v15(), hashes.SHA256())


def test_a_key_of_another_kind_or_none_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StackproofError, match="is no RSA key, and Refstack knows no others"):
        signature(b"", _key(tmp_path, "ed25519"))
    (tmp_path / "text").write_text("no key")
    with pytest.raises(StackproofError, match="is no private key that can be read"):
        signature(b"", tmp_path / "text")


def test_results_are_sent_and_where_they_are_is_told(refstack: Refstack) -> None:
    done = upload(f"{refstack.url}/", b"{}", {"X-Public-Key": "ssh-rsa AAAA"})

    assert (done.id, done.url) == ("0a6c", "http://ui/#/results/0a6c")
    ((path, body, headers),) = refstack.seen
    assert (path, body, headers["X-Public-Key"]) == ("/v1/results", b"{}", "ssh-rsa AAAA")


@pytest.mark.parametrize(
    ("code", "answer", "sentence"),
    [
        (400, '{"title": "Malformed", "code": 400}', "did not take the results: 400 Malformed; the results are kept"),
        (401, "", "did not take the results: 401 .*; the server does not know this key"),
        (500, "<html>", "did not take the results: 500 .*; the results are kept; see the server's log"),
        (201, "<html>", "does not answer as Refstack does; see that it is its API"),
    ],
)
def test_what_the_server_refuses_is_one_sentence(refstack: Refstack, code: int, answer: str, sentence: str) -> None:
    refstack.code, refstack.answer = code, answer
    with pytest.raises(StackproofError) as caught:
        upload(refstack.url, b"{}", {})
    assert isinstance(caught.value, Unavailable) == (code == 500)
    pytest.LineMatcher([caught.value.sentence]).re_match_lines([f".*{sentence}"])


def test_a_server_that_sends_elsewhere_is_not_followed(refstack: Refstack) -> None:
    refstack.code, refstack.location = 301, f"{refstack.url}/there"
    with pytest.raises(StackproofError, match=r"/v1/results sends elsewhere, to http://127.0.0.1:\d+/there"):
        upload(refstack.url, b"{}", {})
    assert [path for path, *_ in refstack.seen] == ["/v1/results"]


def test_a_server_that_is_not_there_is_one_sentence() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with pytest.raises(Unavailable, match=r"/v1/results cannot be reached: .*refused"):
            upload(f"http://127.0.0.1:{nobody.getsockname()[1]}", b"{}", {})
    with pytest.raises(StackproofError, match="ftp://x is no address"):
        upload("ftp://x", b"{}", {})


def test_a_token_is_signed_by_its_owner(tmp_path: Path) -> None:
    key = _key(tmp_path, "rsa")
    head, claims, signed = token(key, "https://id/me").split(".")
    public = load_ssh_public_key(key.with_name("rsa.pub").read_bytes())

    assert isinstance(public, rsa.RSAPublicKey)
    public.verify(_decoded(signed), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())
    assert json.loads(_decoded(head)) == {"alg": "RS256", "typ": "JWT"}
    told = json.loads(_decoded(claims))
    assert told["user_openid"] == "https://id/me"
    assert 200 < told["exp"] - time.time() < 400


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_what_the_server_does_not_keep_beside_results_is_one_sentence(refstack: Refstack, tmp_path: Path) -> None:
    refstack.code, refstack.answer = 403, '{"title": "Forbidden"}'
    with pytest.raises(
        StackproofError, match=r"results/0a6c/meta/target did not take target x of results 0a6c: 403 For"
    ):
        annotate(refstack.url, "0a6c", {"target": "x"}, key=_key(tmp_path, "rsa"), openid="https://id/me")


def test_an_id_is_the_clouds_own_for_who_has_the_key() -> None:
    assert hidden_cpid("keystone.example", b"key") == hidden_cpid("keystone.example", b"key")
    assert hidden_cpid("keystone.example", b"key") != hidden_cpid("other.example", b"key")
    assert hidden_cpid("keystone.example", b"key") != hidden_cpid("keystone.example", b"another")
