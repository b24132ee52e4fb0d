"""What the outcomes of tests say, by one rule for verdicts and for the page of a run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pytest_upgrade.verdicts.verdict import Word

if TYPE_CHECKING:
    from pytest_upgrade.store.values import Outcome

_WORDS = {"passed": Word.PASS, "failed": Word.FAIL, "error": Word.FAIL}
_BEFORE, _SKIPPED = "pre", "skipped"


def said(outcomes: Iterable[Outcome]) -> list[tuple[Outcome, Word]]:
    """The last outcome of each test in each phase, with its word.

    A test that was skipped says nothing; but one that has passed before the upgrade, and was skipped since, is one that
    could not be judged.
    """
    last = {(one.test, one.phase): one for one in outcomes}
    passed = {one.test for one in last.values() if (one.phase, one.outcome) == (_BEFORE, "passed")}
    return [
        (one, _WORDS.get(one.outcome, Word.INCONCLUSIVE))
        for one in last.values()
        if one.outcome != _SKIPPED or (one.phase != _BEFORE and one.test in passed)
    ]
