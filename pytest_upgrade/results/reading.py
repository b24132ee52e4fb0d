"""A file of results, by what is in it."""

from __future__ import annotations

from pytest_upgrade.results import junit, rally, subunits
from pytest_upgrade.results.result import Result, Unreadable
from pytest_whitebox.core.errors import StackproofError

_FORMS = {
    "JUnit": ("application/xml", junit.read),
    "subunit": ("application/octet-stream", subunits.read),
    "Rally": ("application/json", rally.read),
}


def form_of(data: bytes) -> str:
    """JUnit, subunit or Rally; empty if it is none.

    >>> form_of(b"<testsuites/>"), form_of(b"[]"), form_of(bytes([0xB3])), form_of(b"hello")
    ('JUnit', 'Rally', 'subunit', '')
    """
    first = data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    return {b"<": "JUnit", subunits.SIGNATURE: "subunit", b"{": "Rally", b"[": "Rally"}.get(first, "")


def media_of(form: str) -> str:
    """The media type of a form."""
    return _FORMS[form][0]


def read(data: bytes, name: str) -> tuple[str, list[Result]]:
    """The form and the results of a file called ``name``; raises `StackproofError`."""
    form = form_of(data)
    if not form:
        hint = "it takes what `export` wrote, JUnit XML, subunit (version 2), and JSON of Rally"
        raise StackproofError(f"{name} cannot be understood", hint=hint)
    try:
        found = _FORMS[form][1](data)
    except Unreadable as error:
        hint = "have the tool write it again"
        raise StackproofError(f"{name} cannot be read as {form}: {error}", hint=hint) from None
    if not found:
        raise StackproofError(f"{name} has no test in it", hint="see whether the tool has run any")
    return form, found
