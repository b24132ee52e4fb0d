"""What must not be told: passwords, secrets, tokens and private keys, by where they stand, and by their value."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

#: What stands in a secret's place.
HIDDEN = "***"
_KEYS = (
    "password|original_password|admin_?pass|secret|private_key|passcode|blob|payload|token|auth_token"
    "|x-auth-token|x-subject-token|x-service-token"
)
#: A value that was cut short has no second quote: it ends with the line.
_VALUE = re.compile(
    rf"""(?P<key>(?<![\w-])["']?(?:\w+[_-])?(?:{_KEYS})["']?\s*[:=]\s*[ub]?)(?P<quote>["'])"""
    r"""(?:(?P<value>(?:\\.|(?!(?P=quote)).)*)(?P=quote)|(?P<cut>[^\n]*))""",
    re.IGNORECASE | re.DOTALL,
)
#: As sentences have it, such as that of Tempest when SSH does not answer.
_WORD = re.compile(
    r"""(?P<key>(?<![\w"'-])(?:\w+[_-])?(?:password|passcode|passwd|admin_?pass): )[^\s"'{\[(]\S*""", re.I
)
_PEM = re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
#: Tokens of Keystone: Fernet, and JWS. They are not known before they are seen.
_TOKENS = re.compile(r"gAAAA[\w-]{16,}={0,2}|eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}")
_BEGIN, _END = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"), re.compile(r"-----END [A-Z ]*PRIVATE KEY-----")
#: Shorter secrets may be words that stand in every log: they are struck out only where they stand alone.
_LONG = 8
#: How much of a secret is still one, where what prints it has cut it short.
_PIECE = 6
_ELLIPSIS = re.compile(r"(\.\.\.|…)")


def redacted(text: str) -> str:
    r"""The text with each secret replaced that shows by where it stands; what is no secret stays as it is.

    >>> redacted('{"user": {"name": "u", "password": "a\\"b", "id": "1"}}')
    '{"user": {"name": "u", "password": "***", "id": "1"}}'
    >>> redacted("{'X-Auth-Token': 'gAAA', 'secret': 's', 'secret_ref': 'http://x', 'admin_password': 'p'}")
    "{'X-Auth-Token': '***', 'secret': '***', 'secret_ref': 'http://x', 'admin_password': '***'}"
    >>> redacted("User: cirros, Password: gocubsgo"), redacted("{'password': 'cut sho...")
    ('User: cirros, Password: ***', "{'password': '***")
    """
    hidden = _WORD.sub(rf"\g<key>{HIDDEN}", _VALUE.sub(_without_value, text))
    return _TOKENS.sub(HIDDEN, _PEM.sub(rf"\1{HIDDEN}\2", hidden))


@dataclass
class Redaction:
    """Strikes secrets out of whole texts, and of lines that come one by one.

    >>> hide = Redaction(["correct horse&"])
    >>> hide("GET /?p=correct%20horse%26 by Y29ycmVjdCBob3JzZSY= or correct horse&amp;, cut: 'correct ho...'")
    "GET /?p=*** by *** or ***, cut: '***...'"
    """

    secrets: Iterable[str]
    _in_key: bool = False

    def __post_init__(self) -> None:
        spelled = {one for secret in self.secrets if secret for one in _spellings(secret)}
        self._spelled = sorted(spelled, key=lambda one: (-len(one), one))

    def __call__(self, text: str) -> str:
        """The text without secrets, tokens and private keys."""
        return redacted(self._known(text))

    def line(self, text: str) -> str:
        """The next line of a log; those between the ends of a private key are as good as empty."""
        was, self._in_key = self._in_key, bool(_BEGIN.search(text)) or (self._in_key and not _END.search(text))
        if was and (self._in_key or not _END.search(text)):
            return HIDDEN
        return self(text)

    def _known(self, text: str) -> str:
        # A pattern of all spellings of many secrets would be tried at each place of a long text.
        if there := [spelled for spelled in self._spelled if spelled in text]:
            text = re.sub("|".join(map(_pattern, there)), HIDDEN, text)
        parts = _ELLIPSIS.split(text) if self._spelled else [text]
        last = len(parts) - 1
        for place in range(0, last + 1, 2):
            if place < last:
                parts[place] = self._without_beginning(parts[place])
            if place > 0:
                parts[place] = self._without_end(parts[place])
        return "".join(parts)

    def _without_beginning(self, text: str) -> str:
        """A text that was cut short at its end, without the beginning of a secret there."""
        for secret in self._spelled:
            if secret[:_PIECE] in text[-len(secret) :]:
                for length in range(len(secret) - 1, _PIECE - 1, -1):
                    if text.endswith(secret[:length]):
                        return text[:-length] + HIDDEN
        return text

    def _without_end(self, text: str) -> str:
        """A text that was cut short at its beginning, without the end of a secret there."""
        for secret in self._spelled:
            if secret[-_PIECE:] in text[: len(secret)]:
                for length in range(len(secret) - 1, _PIECE - 1, -1):
                    if text.startswith(secret[-length:]):
                        return HIDDEN + text[length:]
        return text


def _without_value(found: re.Match[str]) -> str:
    return f"{found['key']}{found['quote']}{HIDDEN}{found['quote'] if found['cut'] is None else ''}"


def _spellings(secret: str) -> Iterator[str]:
    """A secret as JSON, Python, addresses, XML, HTML and base64 have it."""
    plain = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1]}
    for one in plain:
        yield from (one, html.escape(one), html.escape(one, quote=False))
        yield from (html.escape(one).replace("&quot;", "&#34;").replace("&#x27;", "&#39;"),)
        yield from (html.escape(one).replace("&#x27;", "'"), html.escape(one).replace("&quot;", '"'))
    yield from (quote(secret), quote(secret, safe=""), quote_plus(secret))
    yield from _base64(secret)


def _base64(secret: str) -> Iterator[str]:
    """What base64 makes of it wherever it stands in the text: the digits that depend on nothing else."""
    data = secret.encode()
    yield from (encode(data).decode() for encode in (base64.b64encode, base64.urlsafe_b64encode))
    for before in range(3):
        start, end = -(-before * 8 // 6), (before + len(data)) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            piece = encode(b"\0" * before + data).decode()[start:end]
            if len(piece) >= _LONG:
                yield piece


def _pattern(spelled: str) -> str:
    pattern = re.escape(spelled)
    return pattern if len(spelled) >= _LONG else rf"(?<!\w){pattern}(?!\w)"
