"""subunit, version 2: what stestr and Tempest stream."""

from __future__ import annotations

import io
from typing import Any

from pytest_upgrade.results.result import Result, Unreadable, Word
from pytest_whitebox.core.errors import StackproofError

#: The first byte of each packet.
SIGNATURE = b"\xb3"
#: The name under which the parser tells of what it cannot read.
_BROKEN = "subunit.parser"
_WORDS: dict[str, Word] = {
    "success": "passed", "xfail": "passed", "fail": "failed", "uxsuccess": "failed", "skip": "skipped",
    "inprogress": "error", "unknown": "error",
}  # fmt: skip


def read(data: bytes) -> list[Result]:
    """A result for each test that was begun; raises `Unreadable`, and `StackproofError` without python-subunit."""
    try:
        import subunit
        from testtools import StreamToDict
    except ImportError:
        raise StackproofError(
            "reading subunit needs the package python-subunit, which is not installed",
            hint="`pip install python-subunit`, or import JUnit: `stestr last --subunit | subunit2junitxml`",
        ) from None
    found: list[Any] = []
    stream = StreamToDict(found.append)
    stream.startTestRun()
    subunit.ByteStreamToStreamResult(io.BytesIO(data)).run(stream)
    stream.stopTestRun()
    if broken := [test for test in found if test["id"] == _BROKEN]:
        raise Unreadable(_text(broken[0]).splitlines()[0] if _text(broken[0]) else "it ends in the middle")
    return [_result(test) for test in found if test["status"] in _WORDS]


def _result(test: dict[str, Any]) -> Result:
    begun, ended = test["timestamps"]
    seconds = (ended - begun).total_seconds() if begun and ended else 0.0
    outcome = _WORDS[test["status"]]
    reason = "" if outcome == "passed" else _text(test) or f"its last word is {test['status']}"
    return Result(test["id"], outcome, seconds, reason)


def _text(test: dict[str, Any]) -> str:
    """What the test says of itself, the reason first."""
    details = test["details"]
    order = sorted(details, key=lambda name: (name != "reason", name != "traceback", name))
    said = (details[name].as_text().strip() for name in order if details[name].content_type.type == "text")
    return next((text for text in said if text), "")
