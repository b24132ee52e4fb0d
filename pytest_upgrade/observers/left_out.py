"""A lane that is not observed."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_upgrade.observers.lane import Lane


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A lane that this cloud or this user does not have, and why nobody observes it.

    >>> print(LeftOut(Lane("compute", "GET", "/", "http://10.0.0.1:8774/", "new", 0.2), "404 instead of 200"))
    GET compute / (new): 404 instead of 200
    """

    lane: Lane
    why: str

    def __str__(self) -> str:
        return f"{self.lane.name}: {self.why}"
