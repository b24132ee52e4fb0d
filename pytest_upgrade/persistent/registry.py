"""The kinds of things that are installed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from types import MappingProxyType

from pytest_upgrade.persistent.kind import Kind
from pytest_whitebox.core.errors import StackproofError

GROUP = "stackproof.persistent"


@cache
def kinds() -> Mapping[str, Kind]:
    """Each kind by its name: ours, and those of other packages."""
    found: dict[str, Kind] = {}
    for entry in entry_points(group=GROUP):
        try:
            kind = entry.load()()
        except Exception as error:
            raise StackproofError(
                f"the kind of persistent thing {entry.name!r} ({entry.value}) cannot be loaded: {error}",
                hint="reinstall or remove the package that brings it",
            ) from error
        found[kind.name] = kind
    return MappingProxyType(found)
