"""A kind of resource: how it is listed, deleted, and set back to what it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from pytest_cleanup.resource import Resource
from pytest_whitebox.core.errors import StackproofError

if TYPE_CHECKING:
    from pytest_cleanup.view import View


@dataclass(frozen=True, slots=True)
class Step:
    """What else can be done about a resource that does not go: ``name`` is told, ``act`` does it
    to those that it ``applies`` to.

    After each step deleting is tried again.
    """

    name: str
    act: Callable[[View, Resource], None]
    applies: Callable[[Resource], bool] | None = None


class NotRestorable(StackproofError):
    """No API can make something again what it was."""


@runtime_checkable
class Kind(Protocol):
    """How resources of one kind are dealt with.

    ``name`` is the API's word for one of them, ``service`` the type of the service that has them.
    """

    @property
    def name(self) -> str:
        """The word for one of them: ``server``."""

    @property
    def service(self) -> str:
        """The service type that has them, or the first of its names: ``compute``."""

    @property
    def lingers(self) -> bool:
        """True if one that was deleted is still listed for a while."""

    @property
    def ladder(self) -> Sequence[Step]:
        """What is tried, in this order, if one does not go."""

    def listing(self, view: View) -> Iterable[Resource]:
        """All of them, in all projects; raises rather than leave some out."""

    def delete(self, view: View, resource: Resource) -> None:
        """Ask for one to be deleted; one that is gone is no error."""

    def gone(self, view: View, resource: Resource) -> bool:
        """True if its API does not know it any more."""

    def restore(self, view: View, was: Resource, now: Resource) -> None:
        """Set its attributes back; raises `NotRestorable` for those that cannot be."""

    def remake(self, view: View, was: Resource) -> None:
        """Make one again that is gone, the same; raises `NotRestorable` if it would be another one."""
