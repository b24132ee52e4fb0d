"""What a log must not tell: passwords, secrets, tokens and private keys in the bodies of requests and answers."""

from __future__ import annotations

import re

#: What stands in a secret's place.
HIDDEN = "***"
_KEYS = (
    "password|original_password|admin_?pass|secret|private_key|passcode|blob|payload|token|auth_token"
    "|x-auth-token|x-subject-token|x-service-token"
)
_VALUE = re.compile(
    rf"""(?P<key>(?<![\w-])["']?(?:\w+[_-])?(?:{_KEYS})["']?\s*[:=]\s*[ub]?)(?P<quote>["'])(?P<value>(?:\\.|(?!(?P=quote)).)*)(?P=quote)""",
    re.IGNORECASE | re.DOTALL,
)
_PEM = re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(-----END [A-Z ]*PRIVATE KEY-----)", re.DOTALL)


def redacted(text: str) -> str:
    r"""The text with each secret replaced; what is no secret stays as it is.

    >>> redacted('{"user": {"name": "u", "password": "a\\"b", "id": "1"}}')
    '{"user": {"name": "u", "password": "***", "id": "1"}}'
    >>> redacted("{'X-Auth-Token': 'gAAA', 'secret': 's', 'secret_ref': 'http://x', 'admin_password': 'p'}")
    "{'X-Auth-Token': '***', 'secret': '***', 'secret_ref': 'http://x', 'admin_password': '***'}"
    """
    hidden = _VALUE.sub(lambda found: f"{found['key']}{found['quote']}{HIDDEN}{found['quote']}", text)
    return _PEM.sub(rf"\1{HIDDEN}\2", hidden)
