"""What a passing test saw: every assertion that held, with its values, where pytest is asked to tell them.

That is what the ini key ``enable_assertion_pass_hook`` of pytest is for.
"""

from __future__ import annotations

import pytest

_LONGEST = 2000  # characters of one value

#: (line, assertion, what its parts were)
Fact = tuple[int, str, str]
facts_key = pytest.StashKey[list[Fact]]()


def note(item: pytest.Item, line: int, assertion: str, values: str) -> None:
    """Remember an assertion that held; one in a loop is remembered each time."""
    item.stash.setdefault(facts_key, []).append((line, assertion, values[:_LONGEST]))


def noted(item: pytest.Item) -> list[Fact]:
    """The assertions of a test that held, in their order."""
    return item.stash.get(facts_key, [])
