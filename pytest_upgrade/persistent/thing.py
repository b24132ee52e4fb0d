"""What a test holds of a thing that outlives the upgrade."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_upgrade.persistent.kind import Kind
    from pytest_upgrade.persistent.place import Place
    from pytest_upgrade.store.values import Kept


class Thing:
    """It exists, or the test would not have it; ``changes`` says what of it is not as before, ``use`` uses it.

    Each level is written down apart, whatever becomes of the test.
    """

    def __init__(self, place: Place, kind: Kind, kept: Kept) -> None:
        self._place, self._kind, self._kept = place, kind, kept

    def __repr__(self) -> str:
        return f"<persistent {self._kept}>"

    @property
    def id(self) -> str:
        """The id that it has in its service."""
        return str(self.state["id"])

    @property
    def name(self) -> str:
        """The name that it has in the cloud."""
        return self._place.name_of(self._kept.kind, self._kept.name)

    @property
    def state(self) -> dict[str, Any]:
        """What it was when it had been made."""
        return self._kept.state

    @property
    def changes(self) -> tuple[str, ...]:
        """A sentence for each thing that is not what it was; empty if it is intact."""
        return self._place.keeper.intact(self._kind, self._kept)

    def use(self) -> str:
        """Do with it what it is for and return what was done; raises `Unusable` if that fails."""
        return self._place.keeper.used(self._kind, self._kept)
