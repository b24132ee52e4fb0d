"""Whose what a run left is: on a cloud that others use, only what is known to be ours is taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from pytest_cleanup.difference import Change
from pytest_cleanup.resource import Key, Relation, Resource

#: Says who made a resource, or changed it, in words such as "tests/test_a.py::test_b"; None if that is not known.
Maker = Callable[[Resource], str | None]


class Scope(Protocol):
    """Decides what is ours of what appeared or changed since the snapshot."""

    @property
    def name(self) -> str:
        """How the user says it: ``cloud``, ``project:demo``, ``run``."""

    def owned(self, appeared: Mapping[Key, Resource]) -> Mapping[Key, str]:
        """Those of what appeared that are ours, each with the reason."""

    def changed(self, change: Change) -> str | None:
        """Why a change is ours; None if it is not."""

    def lost(self, one: Resource) -> str | None:
        """Why it is ours that something of the snapshot is gone; None if it is not."""


_PART_OF = Relation.PART_OF


@dataclass(frozen=True, slots=True)
class WholeCloud:
    """Everything: nobody else uses the cloud."""

    name: str = "cloud"

    def owned(self, appeared: Mapping[Key, Resource]) -> Mapping[Key, str]:
        """All of it."""
        return dict.fromkeys(appeared, "not in the snapshot")

    def changed(self, change: Change) -> str | None:  # noqa: ARG002 -- whatever it is
        """Always."""
        return "not as in the snapshot"

    def lost(self, one: Resource) -> str | None:  # noqa: ARG002 -- whatever it is
        """Always."""
        return "gone since the snapshot"


@dataclass(frozen=True, slots=True)
class OfProjects:
    """What is in some projects, given by their ids, and the projects themselves if they appeared."""

    name: str
    projects: frozenset[str]

    def owned(self, appeared: Mapping[Key, Resource]) -> Mapping[Key, str]:
        """Those of the projects."""
        return _closed(appeared, {key: f"in {self.name}" for key, one in appeared.items() if self._has(one)})

    def changed(self, change: Change) -> str | None:
        """If what changed is of the projects."""
        return f"in {self.name}" if self._has(change.was) else None

    def lost(self, one: Resource) -> str | None:
        """If what is gone was of the projects."""
        return f"in {self.name}" if self._has(one) else None

    def _has(self, one: Resource) -> bool:
        of = {one.key, Key("project", one.project or "")} | {ref.key for ref in one.refs if ref.relation is _PART_OF}
        return any(key.kind == "project" and key.id in self.projects for key in of)


@dataclass(frozen=True, slots=True)
class OfRun:
    """What is attributed to a run, or lies in what it made: in its projects, of its users, part of its resources."""

    made: Maker
    altered: Maker
    removed: Maker
    name: str = "run"

    def owned(self, appeared: Mapping[Key, Resource]) -> Mapping[Key, str]:
        """What is attributed, and what lies in that."""
        told = ((key, self.made(one)) for key, one in appeared.items())
        return _closed(appeared, {key: f"made by {who}" for key, who in told if who})

    def changed(self, change: Change) -> str | None:
        """If the change is attributed."""
        who = self.altered(change.now)
        return f"changed by {who}" if who else None

    def lost(self, one: Resource) -> str | None:
        """If it was the run that deleted it."""
        who = self.removed(one)
        return f"deleted by {who}" if who else None


def _closed(appeared: Mapping[Key, Resource], first: Mapping[Key, str]) -> Mapping[Key, str]:
    """With what lies in those: until nothing more is found."""
    owned = dict(first)
    while more := {key: why for key, one in appeared.items() if key not in owned and (why := _within(one, owned))}:
        owned |= more
    return owned


def _within(one: Resource, owned: Mapping[Key, str]) -> str:
    owners = [Key("project", one.project or ""), Key("user", one.user or "")]
    owners += [ref.key for ref in one.refs if ref.relation is _PART_OF]
    return next((f"in {owner.kind} {owner.id}, {owned[owner]}" for owner in owners if owner in owned), "")
