"""Telling what stays from what is just being made or removed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from pytest_whitebox.core.wait import WaitTimeout, wait_for

T = TypeVar("T")

#: Seconds in which a cloud at work makes or removes anything for good.
_SETTLED = 60


def lasting(look: Callable[[], Iterable[T]], *, seconds: float = _SETTLED) -> frozenset[T]:
    """What is there at each look for so many seconds; empty as soon as nothing is left that was there at the first.

    >>> looks = iter([{"orphan", "being removed"}, {"orphan", "being made"}, {"orphan"}, {"orphan"}])
    >>> lasting(lambda: next(looks), seconds=0)
    frozenset({'orphan'})
    >>> lasting(lambda: [])
    frozenset()
    """
    left = set(look())

    def gone() -> bool:
        left.intersection_update(look())
        return not left

    try:
        if left:
            wait_for(gone, timeout=seconds, every=2, what="what has no owner to be gone")
    except WaitTimeout:
        pass
    return frozenset(left)
