"""A kind of resource: how it is listed, deleted, and set back to what it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from pytest_cleanup.resource import Reference, Resource
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

    Services make some kinds by themselves, such as an agent: with ``leaks`` False they are set back, never deleted.
    """

    @property
    def name(self) -> str:
        """The API's word for one of them: ``server``."""

    @property
    def service(self) -> str:
        """The type of the service that has them: ``compute``."""

    @property
    def leaks(self) -> bool:
        """True if users make them, so that one may be left behind."""

    @property
    def lingers(self) -> bool:
        """True if its service goes on after it has answered: one that was deleted is still there for a while."""

    @property
    def patience(self) -> float:
        """Seconds after which one that was deleted and is still there does not go."""

    @property
    def stuck(self) -> frozenset[str]:
        """Statuses by which one tells that deleting it has failed."""

    @property
    def ladder(self) -> Sequence[Step]:
        """What is tried, in this order, if one does not go."""

    def here(self, view: View) -> bool:
        """True if the cloud can have any."""

    def listing(self, view: View) -> Iterable[Resource]:
        """All of them, in all projects; raises rather than leave some out."""

    def delete(self, view: View, resource: Resource) -> None:
        """Ask for one to be deleted; one that is gone is no error."""

    def spare(self, view: View, resource: Resource, kept: Reference) -> None:
        """See to it that something that is kept does not go along with one; raises if that cannot be."""

    def left(self, view: View, resources: Sequence[Resource]) -> Mapping[str, str | None]:
        """Those of them that its API still knows, with their status, by their ids."""

    def restore(self, view: View, was: Resource, now: Resource) -> None:
        """Set its attributes back; raises `NotRestorable` for those that cannot be."""

    def remake(self, view: View, was: Resource) -> None:
        """Make one again that is gone, the same; raises `NotRestorable` if it would be another one."""
