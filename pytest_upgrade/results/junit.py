"""JUnit XML, as pytest, stestr and most others write it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pytest_upgrade.results.result import Result, Unreadable, Word


def read(data: bytes) -> list[Result]:
    """A result for each test case; raises `Unreadable`.

    >>> case = b'<testcase classname="a.B" name="c" time="1.5"><skipped message="no"/></testcase>'
    >>> read(b"<testsuite>" + case + b"</testsuite>")
    [Result(test='a.B.c', outcome='skipped', seconds=1.5, reason='no')]
    """
    from lxml import etree

    try:
        # No entity of the file is followed, and nothing is fetched for it.
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise Unreadable(str(error)) from None
    if root.tag not in ("testsuite", "testsuites"):
        raise Unreadable(f"its root is <{root.tag}>, and not <testsuites>")
    return list(_cases(root))


def _cases(root: Any) -> Iterator[Result]:
    for case in root.iter("testcase"):
        outcome, reason = _outcome(case)
        name = ".".join(filter(None, (case.get("classname"), case.get("name"))))
        yield Result(name, outcome, _seconds(case.get("time")), reason)


def _outcome(case: Any) -> tuple[Word, str]:
    words: tuple[tuple[str, Word], ...] = (("error", "error"), ("failure", "failed"), ("skipped", "skipped"))
    for tag, outcome in words:
        if (found := case.find(tag)) is not None:
            reason = found.get("message") or (found.text or "").strip()
            # As our own `judge --junit` says it.
            return ("inconclusive" if found.get("type") == "inconclusive" else outcome), reason
    return "passed", ""


def _seconds(text: str | None) -> float:
    try:
        return float((text or "0").replace(",", ""))
    except ValueError:
        return 0.0
