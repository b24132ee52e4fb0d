"""Removing all of a kind that has a name, and waiting until it is gone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_whitebox.core.wait import wait_for

if TYPE_CHECKING:
    from openstack.connection import Connection

#: Removes what has a name, and waits until it is gone.
Undo = Callable[["Connection", str], object]

_PATIENCE = 180  # seconds for the slowest of them, a server that is still building


def name_of(found: Any) -> object:
    """The name of a thing of openstacksdk."""
    return found.name


@dataclass(frozen=True, slots=True)
class Removal:
    """How things of a ``kind``, in the words of ``openstack``, are found by a name, and removed.

    ``listing`` and ``delete`` are methods of openstacksdk's ``service``; ``query`` narrows the listing, with ``{name}``
    for the name. ``named`` is where a thing bears the name, and ``id`` what it is deleted by; ``before`` frees one of
    what would hold it.
    """

    kind: str
    service: str
    listing: str
    delete: str
    query: Mapping[str, str] = field(default_factory=dict)
    named: Callable[[Any], object] = name_of
    id: Callable[[Any], Any] = lambda found: found
    before: Callable[[Any, Any], object] = lambda _connection, _found: None

    def __call__(self, connection: Connection, name: str) -> None:
        """Delete all of this name and wait until they are gone; what something else still holds is tried again."""
        from openstack.exceptions import BadRequestException, ConflictException

        api = getattr(connection, self.service)
        query = {key: value.format(name=name) for key, value in self.query.items()}
        accepted: set[str] = set()

        def gone() -> bool:
            left = [found for found in getattr(api, self.listing)(**query) if self.named(found) == name]
            for found in left:
                if found.id not in accepted:
                    self.before(connection, found)
                    getattr(api, self.delete)(self.id(found))
                    accepted.add(found.id)
            return not left

        # Cinder answers 400 for what is not yet in a state that can be deleted, the others 409.
        wait_for(
            gone, timeout=_PATIENCE, every=0.5, what=f"{self.kind} {name} to be gone",
            ignore=(BadRequestException, ConflictException),
            hint=f"see what holds it with `openstack {self.kind} show {name}`",
        )  # fmt: skip
