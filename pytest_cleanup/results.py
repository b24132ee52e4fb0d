"""Leaks as results of tests: a warning or a failure, a property in JUnit's file, and a note in the report."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import pytest

from pytest_cleanup.leak import Leak
from pytest_whitebox.core.errors import StackproofError

#: What a test left, for its report.
leaks_key = pytest.StashKey[list[Leak]]()
#: The attribute of a report that carries leaks across xdist.
ATTRIBUTE = "stackproof_leaks"
_HINT = "make it with `create`, which removes it, or remove it in the teardown of a fixture"


class LeakWarning(pytest.PytestWarning):
    """A test left something in the cloud."""


class LeakError(StackproofError):
    """A test left something in the cloud, and the run is to fail for that."""


def tell(item: pytest.Item, leaks: Sequence[Leak], *, fail: bool) -> None:
    """Note what a test left; raises `LeakError` if it is to fail for it."""
    if not leaks:
        return
    item.stash[leaks_key] = list(leaks)
    item.user_properties += [("leak", leak.sentence) for leak in leaks]
    count = f"{len(leaks)} thing{'' if len(leaks) == 1 else 's'}"
    message = "\n".join([f"{count} left in the cloud:", *(f"  {_line(item, leak)}" for leak in leaks)])
    if fail:
        raise LeakError(message, hint=_HINT)
    warnings.warn_explicit(LeakWarning(f"{message}; {_HINT}"), None, str(item.path), (item.location[1] or 0) + 1)


def attach(item: pytest.Item, report: pytest.TestReport) -> None:
    """Put what a test left into the report of its teardown, in a form that crosses xdist."""
    leaks = item.stash.get(leaks_key, [])
    if report.when == "teardown" and leaks:
        vars(report)[ATTRIBUTE] = [leak.as_json() for leak in leaks]
        report.sections.append(("left in the cloud", "\n".join(leak.sentence for leak in leaks)))


def _line(item: pytest.Item, leak: Leak) -> str:
    """A leak, and who made it if that was for another test, or by a fixture."""
    made: Any = leak.attribution
    who = [made.nodeid] if made.nodeid != item.nodeid else []
    who += [f"fixture {made.fixture}"] if made.fixture else []
    return leak.sentence + (f" (made by {', '.join(who)})" if who else "")
