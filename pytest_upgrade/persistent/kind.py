"""A kind of thing that outlives an upgrade: how it is made, judged on three levels, and removed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from pytest_upgrade.persistent.place import Place
    from pytest_upgrade.store.values import Kept


@runtime_checkable
class Kind(Protocol):
    """Found by its entry point in the group ``stackproof.persistent``; all methods may be called again.

    The state that `make` returns is JSON, has the ``id`` by which the thing is found, and no secret: those go to
    ``place.secrets``. A kind that makes others for its own things may have ``stands_on(kept)``, their kinds and names:
    whoever looks at such a thing looks at these, too.
    """

    @property
    def name(self) -> str:
        """One word: ``volume``."""

    @property
    def service(self) -> str:
        """The type of the service that has it: ``block-storage``."""

    def make(self, place: Place, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
        """Make it under this name in the cloud, wait until it can be used, and return its state."""

    def missing(self, place: Place, kept: Kept) -> str:
        """What is said of it if it is not there; empty if it is."""

    def differences(self, place: Place, kept: Kept) -> Iterable[str]:
        """A sentence for each thing about it that is not what it was."""

    def use(self, place: Place, kept: Kept) -> str:
        """Do with it what it is for and leave it as it was; returns what was done, in words.

        Raises `Unusable`, or whatever the services raise.
        """

    def remove(self, place: Place, name: str, state: Mapping[str, Any]) -> None:
        """Remove it, also half made (then the state is empty), and wait until it is gone."""
