"""A change of a service's database: what it is for, and what it says in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from pytest_cleanup.resource import Resource
from pytest_whitebox.core.databases.repair import Statement

#: The database of the cell that a server lives in, beside the names that `pytest_whitebox.core.databases` has.
CELL = "cell"


@dataclass(frozen=True, slots=True)
class Part:
    """The statements for one database, which are executed in one transaction."""

    database: str
    statements: tuple[Statement, ...]


@runtime_checkable
class Fixup(Protocol):
    """``name`` is what the user says to have it done; ``kind`` the kind of resource that it is for."""

    @property
    def name(self) -> str:
        """What the user says: ``volume-stuck``."""

    @property
    def kind(self) -> str:
        """The kind of resource that it is for."""

    def applies(self, resource: Resource) -> bool:
        """True if the resource is in the state that it is for."""

    def parts(self, resource: Resource) -> Sequence[Part]:
        """What is changed, in this order; nothing is asked of any service or database."""
