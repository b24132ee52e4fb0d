"""What a job asks for. It comes from strangers: each field is known, bounded and plain, or the whole is refused."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal
from urllib.parse import urlsplit

from pytest_whitebox.core.errors import StackproofError

from . import overrides
from .releases import RELEASES

#: Bytes of a payload, names of tests in it, and characters of a name, as Refstack's tables have them.
LARGEST, MOST_TESTS, LONGEST_NAME = 256 * 1024, 4000, 512
#: Seconds that a run may take, if the job says nothing, and at most.
USUAL_TIME, LONGEST_TIME = 6 * 3600, 7 * 24 * 3600
PRIORITIES = ("high", "normal", "low")
_LONGEST_URL = 1024
_DEEPEST = 6

_CLOUD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
_GUIDELINE = re.compile(r"(?:[a-z_]{1,32}\.)?\d{4}\.\d{2}\Z")
_TARGET = re.compile(r"[a-z][a-z0-9_-]{0,31}\Z")
#: A test as `tempest run --list-tests` and Refstack's lists have it; no blank, so that it is one word of one line.
TEST = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*){1,24}(?:\([\w.,:-]{1,128}\))?(?:\[[\w.,:-]{1,256}\])?\Z", re.ASCII)
_KEY_ID = re.compile(r"[0-9a-f]{16}\Z")
#: Base64 of at most 8 KiB.
_BOX = re.compile(r"[A-Za-z0-9+/]{32,10922}={0,2}\Z")
_PLAIN = re.compile(r"[!-~]+\Z")
_SECRET = re.compile(r"passw|secret|token|credential|private|api.?key", re.IGNORECASE)


class Refused(StackproofError):
    """A payload that no worker would take; ``parameter`` is what is wrong with it."""

    def __init__(self, parameter: str, why: str) -> None:
        super().__init__(f"{parameter} {why}", hint="correct it and submit the job again")
        self.parameter = parameter


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which tests: of a guideline for a target, by their names, or by the address of a list of Refstack's."""

    guideline: str = ""
    target: str = "platform"
    names: tuple[str, ...] = ()
    url: str = ""


@dataclass(frozen=True, slots=True)
class Sealed:
    """Credentials in a ``box`` that only who has a key can open; ``to`` is the key's id. See `worker.sealing`."""

    to: str
    box: str

    @property
    def mapping(self) -> dict[str, Any]:
        """As JSON has it."""
        return {"to": self.to, "box": self.box}


@dataclass(frozen=True, slots=True)
class Payload:
    """A job as it was submitted; ``deadline`` is in seconds.

    ``cloud`` names one whose credentials the worker holds; with ``sealed`` ones it is what the submitter calls it.

    >>> payload = Payload.from_mapping({"cloud": "prod", "tempest": "41.0.0", "tests": {"guideline": "2020.06"}})
    >>> payload.tests.target, payload.deadline, payload.priority
    ('platform', 21600, 'normal')
    """

    cloud: str
    tempest: str
    tests: Wanted
    overrides: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: MappingProxyType({}))
    priority: Literal["high", "normal", "low"] = "normal"
    deadline: int = USUAL_TIME
    callback: str = ""
    upload: str = ""
    sealed: Sealed | None = None

    @classmethod
    def from_text(cls, text: bytes | str) -> Payload:
        """Read JSON; raises `Refused`."""
        if len(text) > LARGEST:
            raise Refused("payload", f"is larger than {LARGEST} bytes")
        try:
            known = json.loads(text, parse_constant=_no_number)
        except (ValueError, RecursionError):
            raise Refused("payload", "is no JSON") from None
        return cls.from_mapping(known)

    @classmethod
    def from_mapping(cls, known: object) -> Payload:
        """Check what is known of a job; raises `Refused` that names the parameter."""
        if not isinstance(known, dict):
            raise Refused("payload", "is no object of JSON")
        _shallow(known)
        for name in ("cloud", "tempest", "tests"):
            if name not in known:
                raise Refused(name, "is missing")
        for name in known:
            if name not in _FIELDS:
                raise Refused(*_unknown(name, _FIELDS))
        return cls(**{name: check(known[name]) for name, check in _FIELDS.items() if name in known})

    @property
    def mapping(self) -> dict[str, Any]:
        """What `from_mapping` takes, without what is as usual."""
        wanted = {name: value for name, value in (("names", list(self.tests.names)), ("url", self.tests.url)) if value}
        if self.tests.guideline:
            wanted = {"guideline": self.tests.guideline, "target": self.tests.target}
        known = {"cloud": self.cloud, "tempest": self.tempest, "tests": wanted}
        more = {
            "overrides": {section: dict(options) for section, options in self.overrides.items()},
            "callback": self.callback, "upload": self.upload,
        }  # fmt: skip
        more |= {"sealed": self.sealed.mapping} if self.sealed else {}
        more = {name: value for name, value in more.items() if value}
        return {**known, **more, "priority": self.priority, "deadline": self.deadline}

    @property
    def text(self) -> str:
        """The same as JSON, the same each time."""
        return json.dumps(self.mapping, sort_keys=True)

    @property
    def bound(self) -> bytes:
        """All but what is sealed, which is good for this alone."""
        return replace(self, sealed=None).text.encode()

    @property
    def digest(self) -> str:
        """Tells two payloads apart."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def addresses(self) -> Iterator[tuple[str, str]]:
        """The addresses in it, with the parameters that they are."""
        named = (("tests.url", self.tests.url), ("callback", self.callback), ("upload", self.upload))
        yield from ((name, url) for name, url in named if url)

    def check_addresses(self, allowed: Sequence[str]) -> None:
        """Raise `Refused` for an address that does not lead to one of these hosts (``HOST`` or ``HOST:PORT``)."""
        for name, url in self.addresses:
            if not leads_to(url, allowed):
                raise Refused(name, "leads to a host that is not allowed")


def leads_to(url: str, allowed: Sequence[str]) -> bool:
    """True if the address is plain http(s) to one of these hosts; without a port they mean the usual one.

    >>> leads_to("https://refstack.example/v1", ["refstack.example"])
    True
    >>> leads_to("https://refstack.example:444/", ["refstack.example"])
    False
    >>> leads_to("https://refstack.example@evil.example/", ["refstack.example"])
    False
    """
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not host or parts.username is not None or parts.fragment:
        return False
    usual = port in (None, {"http": 80, "https": 443}[parts.scheme])
    return f"{host}:{port}" in allowed or (usual and host in allowed)


def job_id(text: object) -> str:
    """The id of a job, which is a folder's name, too; raises `Refused` for what is none.

    >>> job_id("2f1c6f0e-6c1b-4d8e-9d2c-0a4a7a4b8a11")
    '2f1c6f0e-6c1b-4d8e-9d2c-0a4a7a4b8a11'
    """
    try:
        if isinstance(text, str) and str(uuid.UUID(text)) == text:
            return text
    except ValueError:
        pass
    raise Refused("test_id", "is no id of a job")


def key_id(public: str) -> str:
    """By which id a public key is known, in which jobs that are sealed to it are handed out."""
    return hashlib.sha256(public.strip().encode()).hexdigest()[:16]


def _unknown(name: str, known: Mapping[str, object]) -> tuple[str, str]:
    """What is said of a parameter that there is not; its name may be anything, so it is shown only if it is a word."""
    if _SECRET.search(name):
        return (
            "payload",
            "has a secret in it; a job names a cloud that workers hold, or has its credentials sealed",
        )
    if not re.fullmatch(r"[A-Za-z_]{1,40}", name):
        return "payload", "has a parameter whose name is none"
    return name, f"is no parameter; there are {', '.join(known)}"


def _no_number(_: str) -> None:
    raise ValueError


def _shallow(known: object, depth: int = 0) -> None:
    if depth > _DEEPEST:
        raise Refused("payload", "is nested too deep")
    for one in known.values() if isinstance(known, dict) else known if isinstance(known, list) else ():
        _shallow(one, depth + 1)


def _matching(name: str, pattern: re.Pattern[str], what: str) -> Callable[[object], str]:
    def check(value: object) -> str:
        if not isinstance(value, str) or not pattern.match(value):
            raise Refused(name, f"is no {what}")
        return value

    return check


def _tempest(value: object) -> str:
    if not isinstance(value, str) or value not in RELEASES:
        first, *_, last = RELEASES
        raise Refused("tempest", f"is no release of Tempest that is known here, {first} to {last}")
    return value


def _address(name: str) -> Callable[[object], str]:
    def check(value: object) -> str:
        if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_URL or not _PLAIN.match(value):
            raise Refused(name, "is no address")
        try:
            parts = urlsplit(value)
        except ValueError:
            raise Refused(name, "is no address") from None
        if parts.scheme not in ("http", "https") or not parts.netloc or "@" in parts.netloc:
            raise Refused(name, "is no address of http or https without a user in it")
        return value

    return check


_KINDS = {"guideline", "names", "url"}


def _tests(value: object) -> Wanted:
    if not isinstance(value, dict):
        raise Refused("tests", "takes a guideline, names or a url")
    for name in value:
        if name not in _KINDS | {"target"}:
            raise Refused(*_unknown(name, dict.fromkeys(["guideline", "target", "names", "url"])))
    if len(_KINDS & value.keys()) != 1 or ("target" in value and "guideline" not in value):
        raise Refused("tests", "takes one of a guideline with its target, names, or a url")
    if "url" in value:
        return Wanted(url=_address("tests.url")(value["url"]))
    if "names" in value:
        return Wanted(names=_names(value["names"]))
    guideline = _matching("tests.guideline", _GUIDELINE, "id of a guideline such as 2020.06")(value["guideline"])
    target = _matching("tests.target", _TARGET, "target such as compute")(value.get("target", "platform"))
    return Wanted(guideline=guideline, target=target)


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise Refused("tests.names", "takes names of tests")
    if len(value) > MOST_TESTS:
        raise Refused("tests.names", f"has more than {MOST_TESTS} names")
    if not all(isinstance(one, str) and len(one) <= LONGEST_NAME and TEST.match(one) for one in value):
        raise Refused("tests.names", "has something in it that is no name of a test")
    return tuple(dict.fromkeys(value))


def _overrides(value: object) -> Mapping[str, Mapping[str, Any]]:
    if not isinstance(value, dict):
        raise Refused("overrides", "takes sections of tempest.conf")
    for where, why in overrides.problems(value):
        shown = where if re.fullmatch(r"[A-Za-z0-9_.-]{1,80}", where) else ""
        raise Refused(f"overrides.{shown}".rstrip("."), why)
    return MappingProxyType({section: MappingProxyType(dict(options)) for section, options in value.items()})


def _priority(value: object) -> str:
    if not isinstance(value, str) or value not in PRIORITIES:
        raise Refused("priority", f"is none of {', '.join(PRIORITIES)}")
    return value


def _deadline(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= LONGEST_TIME:
        raise Refused("deadline", f"takes whole seconds from 1 to {LONGEST_TIME}")
    return value


def _sealed(value: object) -> Sealed:
    if not isinstance(value, dict) or value.keys() != {"to", "box"}:
        raise Refused("sealed", "takes a box and to whom it is sealed, as `submit --seal-to` makes them")
    to = _matching("sealed.to", _KEY_ID, "id of a worker's key")(value["to"])
    return Sealed(to, _matching("sealed.box", _BOX, "box in base64 of at most 8 KiB")(value["box"]))


_FIELDS: Mapping[str, Callable[[object], Any]] = {
    "cloud": _matching("cloud", _CLOUD, "name of a cloud"),
    "tempest": _tempest,
    "tests": _tests,
    "overrides": _overrides,
    "priority": _priority,
    "deadline": _deadline,
    "callback": _address("callback"),
    "upload": _address("upload"),
    "sealed": _sealed,
}
