"""The payload: what is plain goes through as it is, and nothing else does."""

from __future__ import annotations

import json
import re
import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker import overrides
from worker.payload import LARGEST, LONGEST_TIME, MOST_TESTS, Payload, Refused, job_id, leads_to
from worker.releases import RELEASES

NAME = "tempest.api.identity.v3.test_tokens.TokensV3Test.test_create_token[id-6f8e4436-fc96-4282-8122-e41df57197a9]"
GOOD: dict[str, Any] = {
    "cloud": "prod",
    "tempest": "41.0.0",
    "tests": {"names": [NAME, "tempest.api.test_x.X.test_a(q1)"]},
    "overrides": {
        "compute": {"min_compute_nodes": 2, "max_microversion": "latest"},
        "service_available": {"swift": False},
    },
    "priority": "high",
    "deadline": 60,
    "callback": "https://watch.example/jobs",
    "upload": "https://refstack.example/api",
    "sealed": {"to": "0123456789abcdef", "box": "QUJD" * 16},
}


def changed(**what: Any) -> dict[str, Any]:
    return {**GOOD, **what}


def test_good_one_goes_through_and_comes_back() -> None:
    payload = Payload.from_mapping(GOOD)
    assert payload.mapping == GOOD
    assert Payload.from_text(payload.text) == payload
    assert payload.digest == Payload.from_text(json.dumps(dict(reversed(GOOD.items())))).digest


@pytest.mark.parametrize("name", ["cloud", "tempest", "tests"])
def test_missing_parameter_is_named(name: str) -> None:
    with pytest.raises(Refused, match=f"^{name} is missing") as caught:
        Payload.from_mapping({key: value for key, value in GOOD.items() if key != name})
    assert caught.value.parameter == name


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "an option as a cloud": ({"cloud": "--os-cloud"}, "cloud"),
    "a path as a cloud": ({"cloud": "../prod"}, "cloud"),
    "two lines as a cloud": ({"cloud": "prod\n"}, "cloud"),
    "an old Tempest": ({"tempest": "29.0.0"}, "tempest"),
    "a requirement of pip": ({"tempest": "41.0.0 --index-url=http://evil.example"}, "tempest"),
    "a file as a version": ({"tempest": "41.0.0 @ file:///etc"}, "tempest"),
    "an option as a test": ({"tests": {"names": ["--pdb"]}}, "tests.names"),
    "a path as a test": ({"tests": {"names": ["/etc/passwd"]}}, "tests.names"),
    "two lines as a test": ({"tests": {"names": ["a.b\nc.d"]}}, "tests.names"),
    "a line end after a test": ({"tests": {"names": ["a.b\n"]}}, "tests.names"),
    "no test": ({"tests": {"names": []}}, "tests.names"),
    "too many tests": ({"tests": {"names": [f"a.b{n}" for n in range(MOST_TESTS + 1)]}}, "tests.names"),
    "a long test": ({"tests": {"names": ["a." + "b" * 512]}}, "tests.names"),
    "two selections": ({"tests": {"names": ["a.b"], "guideline": "2020.06"}}, "tests"),
    "no selection": ({"tests": {}}, "tests"),
    "a target of no guideline": ({"tests": {"names": ["a.b"], "target": "compute"}}, "tests"),
    "a file as a guideline": ({"tests": {"guideline": "/etc/passwd"}}, "tests.guideline"),
    "a local list": ({"tests": {"url": "file:///etc/passwd"}}, "tests.url"),
    "a list of another protocol": ({"tests": {"url": "gopher://x/"}}, "tests.url"),
    "a header in an address": ({"callback": "http://x/\r\nX-Y: z"}, "callback"),
    "a password in an address": ({"callback": "https://ann:hunter2@watch.example/"}, "callback"),
    "a host behind another": ({"callback": "https://watch.example@evil.example/"}, "callback"),
    "an address that is none": ({"callback": "http://[::1/"}, "callback"),
    "a long address": ({"upload": "http://x/" + "a" * 1024}, "upload"),
    "a configuration of logging": ({"overrides": {"DEFAULT": {"log_config_append": "/x"}}}, "overrides.DEFAULT"),
    "a lock path": ({"overrides": {"oslo_concurrency": {"lock_path": "/x"}}}, "overrides.oslo_concurrency"),
    "a place of identity": ({"overrides": {"identity": {"uri_v3": "http://evil.example"}}}, "overrides.identity"),
    "a file of accounts": ({"overrides": {"auth": {"test_accounts_file": "/x"}}}, "overrides.auth"),
    "an unknown option": ({"overrides": {"compute": {"region": "x"}}}, "overrides.compute.region"),
    "an option in a value": ({"overrides": {"compute": {"flavor_ref": "1\n[auth]"}}}, "overrides.compute.flavor_ref"),
    "a reference in a value": ({"overrides": {"compute": {"image_ref": "$auth.x"}}}, "overrides.compute.image_ref"),
    "a text as a switch": ({"overrides": {"service_available": {"nova": "yes"}}}, "overrides.service_available.nova"),
    "an option that is none": ({"overrides": {"service_available": {"a = 1\nb": True}}}, "overrides"),
    "an unknown priority": ({"priority": "urgent"}, "priority"),
    "no time": ({"deadline": 0}, "deadline"),
    "too much time": ({"deadline": LONGEST_TIME + 1}, "deadline"),
    "a truth as a time": ({"deadline": True}, "deadline"),
    "an unknown parameter": ({"command": "rm"}, "command"),
    "a box without a lid": ({"sealed": {"box": "a" * 64}}, "sealed"),
    "a box that is none": ({"sealed": {"to": "0" * 16, "box": "a b"}}, "sealed.box"),
    "a box too large": ({"sealed": {"to": "0" * 16, "box": "a" * 11_000}}, "sealed.box"),
    "a path as a key": ({"sealed": {"to": "../../key", "box": "a" * 64}}, "sealed.to"),
    "a password": ({"os_password": "hunter2"}, "payload"),
    "a name that is none": ({"\x1b[2J": 1}, "payload"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_one_is_refused_by_its_parameter(case: str) -> None:
    what, parameter = BAD[case]
    with pytest.raises(Refused) as caught:
        Payload.from_mapping(changed(**what))
    assert caught.value.parameter == parameter
    assert "hunter2" not in caught.value.sentence
    assert caught.value.sentence.isprintable()


@pytest.mark.parametrize("text", ["", "[]", "{", '"a"', '{"deadline": NaN}', "[" * 100_000, b"\xff\xfe{}", "null"])
def test_what_is_no_object_is_refused(text: str | bytes) -> None:
    with pytest.raises(Refused, match="payload"):
        Payload.from_text(text)


def test_large_one_is_refused_before_it_is_read() -> None:
    with pytest.raises(Refused, match=f"larger than {LARGEST}"):
        Payload.from_text("[" + " " * LARGEST)


def test_deep_one_is_refused() -> None:
    with pytest.raises(Refused, match="too deep"):
        Payload.from_mapping(changed(overrides={"a": {"b": [[[[[1]]]]]}}))


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://refstack.example/x", True),
        ("https://refstack.example:443/x", True),
        ("http://127.0.0.1:8000/v1?target=compute", True),
        ("http://127.0.0.1:8001/", False),
        ("https://refstack.example.evil.example/", False),
        ("https://evil.example/#@refstack.example", False),
        ("http://169.254.169.254/latest/meta-data", False),
        ("https://refstack.example:bad/", False),
    ],
)
def test_address_leads_to_allowed_hosts_only(url: str, allowed: bool) -> None:
    hosts = ["refstack.example", "127.0.0.1:8000"]
    assert leads_to(url, hosts) is allowed
    payload = Payload.from_mapping(changed(callback="https://refstack.example", upload=url, tests={"names": ["a.b"]}))
    if allowed:
        payload.check_addresses(hosts)
    else:
        with pytest.raises(Refused, match=r"^upload leads to a host that is not allowed"):
            payload.check_addresses(hosts)


def test_id_is_a_uuid_and_nothing_else() -> None:
    for wrong in (
        "../../etc",
        "2F1C6F0E-6C1B-4D8E-9D2C-0A4A7A4B8A11",
        "{2f1c6f0e-6c1b-4d8e-9d2c-0a4a7a4b8a11}",
        "",
        1,
        None,
    ):
        with pytest.raises(Refused, match=r"^test_id"):
            job_id(wrong)


def test_releases_begin_with_30_and_are_in_order() -> None:
    days = [release.uploaded for release in RELEASES.values()]
    assert next(iter(RELEASES)) == "30.0.0"
    assert days == sorted(days)
    assert len(days) > 20


_words = st.text(max_size=12) | st.sampled_from(["--pdb", "a.b", "$x", "prod\n", "http://[", "compute", "swift"])
_plain = st.none() | st.booleans() | st.integers() | _words
_json = (
    _plain
    | st.lists(_plain, max_size=2)
    | st.dictionaries(_words, st.dictionaries(_words, _plain, max_size=2), max_size=2)
)
# Of a good payload one parameter is anything, so that what is refused is that one.
_almost = st.tuples(st.sampled_from([*GOOD, "extra"]), _json).map(lambda pair: {**GOOD, pair[0]: pair[1]})


def harm(payload: Payload) -> list[str]:
    """What of a payload that was taken is more than a plain word; pytest shows each assertion's words, so in one."""
    written = overrides.written(payload.overrides).values()
    plain = set(string.ascii_letters + string.digits + " ._:/-")
    words = [("cloud", payload.cloud, r"[A-Za-z0-9][A-Za-z0-9._-]*"), ("tempest", payload.tempest, r"\d+\.\d+\.\d+")]
    words += [("name", name, r"[A-Za-z_][\w.,:()\[\]-]+") for name in payload.tests.names]
    words += [("option", name, r"[a-z][a-z0-9_]*") for options in written for name in options]
    wrong = [f"{what} {word!r}" for what, word, pattern in words if not re.fullmatch(pattern, word, re.ASCII)]
    wrong += [repr(value) for options in written for value in options.values() if not set(value) <= plain]
    return wrong + ([] if Payload.from_text(payload.text) == payload else ["it does not come back"])


@settings(max_examples=60, deadline=None)
@given(_almost)
def test_whatever_comes_is_refused_or_harmless(known: object) -> None:
    try:
        payload = Payload.from_mapping(known)
    except Refused:
        return
    assert harm(payload) == []


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200))
def test_whatever_text_comes_is_refused(text: bytes | str) -> None:
    with pytest.raises(Refused):
        Payload.from_text(text)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60), st.lists(st.text(min_size=1, max_size=20), max_size=3))
def test_whatever_address_comes_leads_nowhere_else(url: str, allowed: list[str]) -> None:
    assert not leads_to(url, allowed) or any(host in url.lower() for host in allowed)
