"""Waiting until what was made is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pytest_whitebox.core.wait import wait_for

PATIENCE = 180  # seconds for the slowest of them, a server that is still building


def remove_all(
    name: str, listing: Callable[[], Iterable[Any]], delete: Callable[[Any], object], kind: str,
    named: Callable[[Any], object] = lambda found: found.name,
) -> None:  # fmt: skip
    """Delete all of this name and wait until they are gone; what something else still holds is tried again."""
    from openstack.exceptions import BadRequestException, ConflictException

    accepted = set()

    def gone() -> bool:
        left = [found for found in listing() if named(found) == name]
        for found in left:
            if found.id not in accepted:
                delete(found)
                accepted.add(found.id)
        return not left

    # Cinder answers 400 for what is not yet in a state that can be deleted, the others 409.
    wait_for(
        gone, timeout=PATIENCE, every=0.5, what=f"{kind} {name} to be gone",
        ignore=(BadRequestException, ConflictException),
        hint=f"see what holds it with `openstack {kind} show {name}`",
    )  # fmt: skip
