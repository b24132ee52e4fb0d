"""Secrets are struck out however they are spelled, and what is none stays."""

from __future__ import annotations

import base64
import html
import json
import urllib.parse

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_whitebox.core.redaction import Redaction, redacted

# An example costs a millisecond, but a machine that is busy with other things makes it look slow.
_SOME = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SECRET = 'Tr0ub4dor & "3<x>/käse'
_SPELLED = {
    "as it is": SECRET,
    "JSON": json.dumps(SECRET),
    "JSON with its own letters": json.dumps(SECRET, ensure_ascii=False),
    "Python": repr(SECRET),
    "a path": urllib.parse.quote(SECRET, safe=""),
    "a form": urllib.parse.quote_plus(SECRET),
    "HTML": html.escape(SECRET),
    "XML": SECRET.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
    "an attribute of XML": html.escape(SECRET).replace("&quot;", "&#34;"),
    "JSON in HTML": html.escape(json.dumps(SECRET)),
}


@pytest.mark.parametrize("how", _SPELLED)
def test_a_secret_is_struck_out_in_every_spelling(how: str) -> None:
    hidden = Redaction([SECRET])(f"before {_SPELLED[how]} after")

    assert "Tr0ub4dor" not in hidden
    assert "***" in hidden
    assert hidden.startswith("before ")
    assert hidden.endswith(" after")


@_SOME
@given(before=st.binary(max_size=9), after=st.binary(max_size=9))
def test_base64_hides_it_wherever_it_stands(before: bytes, after: bytes) -> None:
    secret = "correct horse battery"
    encoded = base64.b64encode(before + secret.encode() + after).decode()
    hidden = Redaction([secret])(encoded)

    pieces = [encoded[start : start + 12] for start in range(len(encoded) - 11)]
    inside = pieces[-(-len(before) * 8 // 6) : (len(before) + len(secret)) * 8 // 6 - 12]
    assert inside
    assert [piece for piece in inside if piece in hidden] == []


@_SOME
@given(st.text(min_size=8, max_size=40), st.text(max_size=30), st.text(max_size=30))
def test_no_secret_survives(secret: str, before: str, after: str) -> None:
    assert secret not in Redaction([secret])(before + secret + after) or secret in "***"


def test_what_was_cut_short_is_hidden_too() -> None:
    hide = Redaction(["correct horse battery"])

    assert hide("'the correct horse ba...' failed") == "'the ***...' failed"
    assert hide("'...horse battery staple'") == "'...*** staple'"
    assert hide("it was correct... and so on") == "it was ***... and so on"
    assert hide("a horse... a battery") == "a horse... a battery"


def test_a_short_secret_is_hidden_only_where_it_stands_alone() -> None:
    assert Redaction(["test"])('test_create {"password": "x-test"} test') == 'test_create {"password": "***"} ***'


def test_tokens_are_hidden_though_nobody_has_named_them() -> None:
    assert Redaction([])("X-Auth-Token: gAAAAABk0123456789-_abcdefg==;") == "X-Auth-Token: ***;"
    assert Redaction([])("by eyJhbGciOiJFUzI1.eyJzdWIiOiJ4Iiwi.AbCdEf012345") == "by ***"


def test_a_private_key_is_hidden_line_by_line() -> None:
    hide = Redaction([])
    key = ["-----BEGIN RSA PRIVATE KEY-----", "MIIEow", "IBAAKCAQ", "-----END RSA PRIVATE KEY-----", "after"]

    assert [hide.line(line) for line in key][1:3] == ["***", "***"]
    assert hide.line("and after") == "and after"


def test_secrets_are_hidden_and_nothing_else() -> None:
    body = '{"auth": {"password": {"user": {"name": "admin", "password": "p\\"w"}}}, "adminPass": "x"}'
    assert (
        redacted(body) == '{"auth": {"password": {"user": {"name": "admin", "password": "***"}}}, "adminPass": "***"}'
    )
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----"
    assert redacted(key) == "-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----"
    harmless = "GET /v3/auth/tokens, passwords: 3, 'secret_ref': 'http://x', 'token_type': 'bearer'"
    assert redacted(harmless) == harmless


def test_a_value_that_was_cut_short_is_hidden_to_the_end_of_its_line() -> None:
    assert redacted("{'password': 'cut sho...\nnext: 1") == "{'password': '***\nnext: 1"
    assert redacted("x -----BEGIN PRIVATE KEY-----\nMIIE...") == "x -----BEGIN PRIVATE KEY-----***"


def test_a_password_in_a_sentence_is_hidden() -> None:
    assert redacted("timed out.\nUser: cirros, Password: gocubsgo") == "timed out.\nUser: cirros, Password: ***"
    assert redacted("def log_in(password: 'Secret')") == "def log_in(password: '***')"
