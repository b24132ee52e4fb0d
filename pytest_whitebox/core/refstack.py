"""Results as Refstack's server takes them: what is sent, how it is signed, and what the server says."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from ssl import SSLCertVerificationError
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from pytest_whitebox.core.errors import StackproofError

#: What the server's tables hold; it answers 500 to what is longer (refstack/db/sqlalchemy/models.py).
LONGEST_CPID, LONGEST_NAME = 128, 512
_PATIENCE = 60  # seconds for the server to answer
_VALID = 300  # seconds for which a token is good


class Unavailable(StackproofError):
    """The server does not take results now; the same may go through later."""


class _Staying(HTTPRedirectHandler):
    """Follows nobody: of a POST that is sent elsewhere nothing would arrive but a GET."""

    def redirect_request(self, *_: object) -> None:
        """None: the answer that sends elsewhere is itself the result."""
        return


@dataclass(frozen=True, slots=True)
class Uploaded:
    """Where the server keeps the results."""

    id: str
    url: str


def payload(cpid: str, seconds: float, passed: Iterable[tuple[str, str]]) -> bytes:
    """The body of an upload: only tests that passed, each once, with its uuid if it has one.

    Names that the server could not hold are left out. Raises `StackproofError` if nothing is left: it takes no empty
    results.

    >>> payload("c0ffee", 12.7, [("a.b", ""), ("a.c", "0a6c"), ("a.b", "")])
    b'{"cpid": "c0ffee", "duration_seconds": 13, "results": [{"name": "a.b"}, {"name": "a.c", "uuid": "0a6c"}]}'
    """
    unique = dict(sorted((name, uuid) for name, uuid in passed if len(name) <= LONGEST_NAME))
    results = [{"name": name, **({"uuid": uuid} if uuid else {})} for name, uuid in unique.items()]
    if not results:
        raise StackproofError("no test has passed, and Refstack takes no results without one", hint="see the failures")
    body = {"cpid": cpid[:LONGEST_CPID], "duration_seconds": round(seconds), "results": results}
    return json.dumps(body).encode()


def hidden_cpid(auth_host: str, key: bytes) -> str:
    """An id for a cloud whose catalog has none: the same each time for who has the key, and no guide to the host.

    A bare hash of the host's name could be looked up in a list of hashes of names.

    >>> hidden_cpid("keystone.example", b"k") == hidden_cpid("keystone.example", b"other")
    False
    """
    return hmac.new(key, auth_host.encode(), hashlib.sha256).hexdigest()[:32]


def signature(body: bytes, key: Path) -> Mapping[str, str]:
    """The headers that sign these bytes with an RSA key; the server knows it as one of the user's.

    Raises `StackproofError` if the file holds no such key.
    """
    from cryptography.hazmat.primitives import serialization

    private = _private(key)
    public = private.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return {"X-Signature": _signed(private, body).hex(), "X-Public-Key": public.decode()}


def token(key: Path, openid: str) -> str:
    """What lets the owner of a key in, where he has no browser: a JSON web token, RS256, good for five minutes."""
    claims = {"user_openid": openid, "exp": int(time.time()) + _VALID}
    parts = [_base64(json.dumps(part).encode()) for part in ({"alg": "RS256", "typ": "JWT"}, claims)]
    signed = _signed(_private(key), ".".join(parts).encode())
    return ".".join([*parts, _base64(signed)])


def upload(url: str, body: bytes, headers: Mapping[str, str]) -> Uploaded:
    """Send results to the server at ``url``; raises `StackproofError` with what it says if it does not take them.

    It is an `Unavailable` if the server is not there, or has failed itself.
    """
    address = _address(url)
    answer = _post(address, body, {"Content-Type": "application/json", **headers}, "the results")
    try:
        said = json.loads(answer)
        return Uploaded(str(said["test_id"]), str(said.get("url") or ""))
    except (ValueError, KeyError, TypeError):
        raise StackproofError(f"{address} does not answer as Refstack does", hint="see that it is its API") from None


def annotate(url: str, id: str, meta: Mapping[str, str], *, key: Path, openid: str) -> None:
    """Say of signed results what the server keeps beside them: ``guideline``, ``target``, and that they are ``shared``.

    Only their owner may. Raises `StackproofError` with what the server says if it does not take that.
    """
    owner = {"Authorization": f"Bearer {token(key, openid)}"}
    for name, value in meta.items():
        _post(f"{_address(url)}/{id}/meta/{name}", value.encode(), owner, f"{name} {value} of results {id}")


def _address(url: str) -> str:
    address = url.rstrip("/").removesuffix("/v1/results") + "/v1/results"
    if not address.startswith(("http://", "https://")):
        raise StackproofError(f"{url} is no address of a Refstack server", hint="write http://… or https://…")
    return address


def _post(address: str, body: bytes, headers: Mapping[str, str], what: str) -> bytes:
    request = Request(address, data=body, headers=dict(headers))  # noqa: S310 -- it is http
    try:
        with build_opener(_Staying).open(request, timeout=_PATIENCE) as answer:
            return bytes(answer.read())
    except HTTPError as error:
        if 300 <= error.code < 400:
            there = error.headers.get("Location", "nowhere")
            raise StackproofError(f"{address} sends elsewhere, to {there}", hint="give that address instead") from None
        kind = Unavailable if error.code >= 500 else StackproofError
        raise kind(f"{address} did not take {what}: {error.code} {_title(error)}", hint=_hint(error.code)) from None
    except (URLError, OSError) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, SSLCertVerificationError):
            said = f"the certificate of {address} is not trusted: {reason.verify_message}"
            raise StackproofError(said, hint="name its authority in SSL_CERT_FILE") from None
        why = str(reason)
        hint = "the results are kept; send them later"
        raise Unavailable(f"{address} cannot be reached: {why}", hint=hint) from None


def _private(key: Path) -> Any:
    """An RSA key; raises `StackproofError` if the file holds none."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    try:
        private: Any = _read(key.read_bytes(), serialization)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
        hint = "make one with `ssh-keygen -t rsa -m PEM` and no passphrase"
        raise StackproofError(f"{key} is no private key that can be read", hint=hint) from None
    if not isinstance(private, rsa.RSAPrivateKey):
        raise StackproofError(f"{key} is no RSA key, and Refstack knows no others", hint="`ssh-keygen -t rsa -m PEM`")
    return private


def _signed(private: Any, data: bytes) -> bytes:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    return bytes(private.sign(data, padding.PKCS1v15(), hashes.SHA256()))


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _read(data: bytes, serialization: Any) -> Any:
    load = serialization.load_ssh_private_key if b"OPENSSH" in data else serialization.load_pem_private_key
    return load(data, password=None)


def _title(error: HTTPError) -> str:
    try:
        return str(json.loads(error.read())["title"])
    except (ValueError, KeyError, TypeError, OSError):
        return error.reason


def _hint(code: int) -> str:
    if code == 401:
        return "the server does not know this key, or takes no results without one: see your profile there"
    return "the results are kept; see the server's log" if code >= 500 else "the results are kept; look at them"
