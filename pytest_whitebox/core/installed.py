"""What installed packages bring along: found by entry points, each group with one kind of thing."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any

from pytest_whitebox.core.errors import StackproofError


def installed(group: str, what: str, *, last: str = "") -> tuple[Any, ...]:
    """All that is registered in a group, in the order of the names; ``last`` is the name of the one that comes last.

    Of a class there is one object. ``what`` is what the things are called in an error.

    >>> installed("stackproof.nothing", "nothing")
    ()
    """
    found = sorted(entry_points(group=group), key=lambda entry: (entry.name == last, entry.name))
    return tuple(_loaded(entry, what) for entry in found)


def _loaded(entry: EntryPoint, what: str) -> Any:
    try:
        found = entry.load()
        return found() if isinstance(found, type) else found
    except Exception as error:
        raise StackproofError(
            f"the {what} {entry.name!r} ({entry.value}) cannot be loaded: {error}",
            hint="reinstall or remove the package that brings it",
        ) from error
