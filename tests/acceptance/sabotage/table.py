"""Which break belongs to which test."""

from __future__ import annotations

from collections.abc import Callable

from tests.acceptance.sabotage.means import Means

#: Arranges what is broken, and when, while the test runs.
Break = Callable[[Means], None]

#: The breaks by the name of the test function that must see them.
BREAKS: dict[str, Break] = {}


def seen_by(*tests: str) -> Callable[[Break], Break]:
    """Say which tests must see a break."""

    def note(function: Break) -> Break:
        assert not BREAKS.keys() & set(tests), f"two breaks for one of {tests}"
        BREAKS.update(dict.fromkeys(tests, function))
        return function

    return note
