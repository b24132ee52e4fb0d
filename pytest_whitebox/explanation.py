"""Why two looks at a guest are not equal: what pytest shows under a failed assertion, and the report beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_whitebox.core.domain import Difference

#: What the assertions of the running test found, for its report.
differences_key = pytest.StashKey[list["Difference"]]()


def explain(config: pytest.Config, left: object, right: object) -> list[str] | None:
    """The facts that changed, then the lines of the XML; None for what is none of ours.

    ``assert server.domain == before`` is how it is meant: the right side is what was before, unless the two know
    when they were seen.
    """
    found = _difference(left, right)
    if found is None:
        return None
    config.stash.setdefault(differences_key, []).append(found)
    count = len(found.changes)
    head = f"{count} fact{' is' if count == 1 else 's are'} not as before:"
    return [head, *(f"  {change}" for change in found.changes), *([""] if found.lines else []), *found.lines]


def taken(config: pytest.Config) -> list[Difference]:
    """What was explained since the last call."""
    found = config.stash.get(differences_key, [])
    config.stash[differences_key] = []
    return found


def _difference(left: object, right: object) -> Difference | None:
    from pytest_whitebox.core.domain import Difference, Domain
    from pytest_whitebox.core.domain.difference import changes

    if isinstance(left, Domain) and isinstance(right, Domain):
        return Difference.between(left, right) if left.seen < right.seen else Difference.between(right, left)
    return Difference(tuple(changes(right, left))) if _ours(left) and _ours(right) else None


def _ours(value: object) -> bool:
    """True for a part of a guest and for several: ``domain.tpm``, ``domain.disks``, ``domain.interfaces``."""
    from pytest_whitebox.core.domain.part import Part

    if isinstance(value, Mapping | tuple):
        values = list(value.values() if isinstance(value, Mapping) else value)
        return bool(values) and all(isinstance(one, Part) for one in values)
    return isinstance(value, Part)
