"""Credentials that are sealed to the key of a worker, which alone can open them: neither queue nor monitor can.

It is HPKE (RFC 9180) with X25519, HKDF-SHA256 and ChaCha20-Poly1305, by the library cryptography. What is sealed is
bound to the job that it was sealed for, and opens in no other: who has seen a job cannot have those credentials do
something else.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pytest_whitebox.core.errors import StackproofError

from .own import answered
from .payload import Payload, Sealed, key_id

#: Names of the key's two halves, in the folder of a worker.
KEY, PUBLIC = "sealing.key", "sealing.pub"
_SEAL_AGAIN = "submit the job again, sealed to the key that `key` tells on its worker"


def seal(payload: Payload, text: str, public: str) -> Sealed:
    """Seal credentials for a job to a public key, as `key` prints it; raises `StackproofError` for what is none."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

    try:
        key = X25519PublicKey.from_public_bytes(base64.b64decode(public, validate=True))
    except (ValueError, binascii.Error):
        raise StackproofError("that is no public key of a worker", hint="give what `key` tells on it") from None
    box = _suite().encrypt(text.encode(), key, payload.bound)
    return Sealed(key_id(public), base64.b64encode(box).decode())


def opened(payload: Payload, folder: Path) -> str:
    """The credentials of a job, by the key in a folder; raises `StackproofError` if they are not for both."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if payload.sealed is None:
        raise StackproofError("the job has no credentials sealed", hint=_SEAL_AGAIN)
    file = folder / KEY
    try:
        key: Any = load_pem_private_key(file.read_bytes(), password=None)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no private key"
        raise StackproofError(f"{file} cannot be read: {why}", hint="make one with `key`, and seal to that") from None
    try:
        box = base64.b64decode(payload.sealed.box, validate=True)
        return bytes(_suite().decrypt(box, key, payload.bound)).decode()
    except (InvalidTag, ValueError):
        sentence = "the credentials of the job were not sealed for it, or to another key"
        raise StackproofError(sentence, hint=_SEAL_AGAIN) from None


def public_key(folder: Path) -> str:
    """The public key of the worker with this folder, made with the private one if there is none."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    private, public = folder / KEY, folder / PUBLIC
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not private.exists():
            made = X25519PrivateKey.generate().private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            with os.fdopen(os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
                stream.write(made)
        if private.stat().st_mode & 0o077:
            raise StackproofError(f"{private} can be read by others", hint=f"`chmod 600 {private}`")
        key: Any = serialization.load_pem_private_key(private.read_bytes(), password=None)
        text = base64.b64encode(key.public_key().public_bytes_raw()).decode()
        public.write_text(f"{text}\n")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no private key"
        raise StackproofError(f"{private} cannot be used: {why}", hint="move it away, and have one made") from None
    return text


def _suite() -> Any:
    from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


def _seal(known: dict[str, Any]) -> dict[str, Any]:
    sealed = seal(Payload.from_mapping(known["payload"]), known["text"], known["public"])
    return {"sealed": sealed.mapping}


def _opened(known: dict[str, Any]) -> dict[str, Any]:
    return {"text": opened(Payload.from_mapping(known["payload"]), Path(known["folder"]))}


def _public(known: dict[str, Any]) -> dict[str, Any]:
    return {"public": public_key(Path(known["folder"]))}


_DOING: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {"seal": _seal, "open": _opened, "public": _public}


def main() -> int:
    """Do what comes by standard input, in a process that has the library."""
    known = json.loads(sys.stdin.read())
    try:
        answered(_DOING[known.pop("do")](known))
    except StackproofError as error:
        answered(error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
