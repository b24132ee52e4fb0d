"""What a passing test saw: every assertion that held, with its values, where pytest is asked to tell them.

That is what the ini key ``enable_assertion_pass_hook`` of pytest is for.
"""

from __future__ import annotations

import sys
from types import FrameType

import pytest

#: Packages whose frames lie between an assertion and us.
_BETWEEN = ("pytest_whitebox", "pluggy", "_pytest")
_LONGEST = 2000  # characters of one value

#: (line, assertion, what its parts were)
Fact = tuple[int, str, str]
facts_key = pytest.StashKey[list[Fact]]()


def note(item: pytest.Item, line: int, assertion: str, values: str) -> None:
    """Remember an assertion of the test's own file that held; one in a loop is remembered each time."""
    if _asserting_file() == str(item.path):
        item.stash.setdefault(facts_key, []).append((line, assertion, values[:_LONGEST]))


def _asserting_file() -> str:
    """The file of the assertion that pytest is just telling of; its hook does not say."""
    frame: FrameType | None = sys._getframe()
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _BETWEEN:
        frame = frame.f_back
    return frame.f_code.co_filename if frame else ""


def noted(item: pytest.Item) -> list[Fact]:
    """The assertions of a test that held, in their order."""
    return item.stash.get(facts_key, [])
