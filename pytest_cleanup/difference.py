"""What is different between two looks at a cloud."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pytest_cleanup.look import Look
from pytest_cleanup.resource import Resource


@dataclass(frozen=True, slots=True)
class Change:
    """A resource that is still there, and has other attributes."""

    was: Resource
    now: Resource

    @property
    def names(self) -> tuple[str, ...]:
        """The attributes that differ, of those that the first look knew.

        >>> was, now = (Resource("image", "1", attributes={"a": 1, "b": value}) for value in (2, 3))
        >>> Change(was, now).names
        ('b',)
        """
        return tuple(sorted(name for name, value in self.was.attributes.items() if self._value(name) != value))

    def lines(self) -> Iterator[str]:
        """One line for each attribute."""
        for name in self.names:
            yield f"{name}: {_shown(self.was.attributes[name])} -> {_shown(self._value(name))}"

    def _value(self, name: str) -> Any:
        return self.now.attributes.get(name)


@dataclass(frozen=True, slots=True)
class Difference:
    """``appeared`` was not there at the first look, ``gone`` is not there at the second."""

    appeared: tuple[Resource, ...]
    gone: tuple[Resource, ...]
    changed: tuple[Change, ...]

    def __bool__(self) -> bool:
        return bool(self.appeared or self.gone or self.changed)

    def lines(self) -> Iterator[str]:
        """What a reader wants to see, kind by kind."""
        yield from (f"+ {resource}" for resource in self.appeared)
        yield from (f"- {resource}" for resource in self.gone)
        for change in self.changed:
            yield f"~ {change.now}"
            yield from (f"    {line}" for line in change.lines())


def difference(before: Look, after: Look) -> Difference:
    """What differs, of the kinds that both looks could list."""
    kinds = before.listed & after.listed
    was = {key: one for key, one in before.resources.items() if key.kind in kinds}
    now = {key: one for key, one in after.resources.items() if key.kind in kinds}
    changed = (Change(was[key], now[key]) for key in sorted(was.keys() & now.keys()))
    return Difference(
        tuple(now[key] for key in sorted(now.keys() - was.keys())),
        tuple(was[key] for key in sorted(was.keys() - now.keys())),
        tuple(change for change in changed if change.names),
    )


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
