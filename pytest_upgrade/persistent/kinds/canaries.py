"""What the canaries of an observer have made and not taken away again, all of it, by how its names begin."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pytest_upgrade.store.values import Kept
from pytest_whitebox.remove import REMOVALS

if TYPE_CHECKING:
    from pytest_upgrade.persistent.place import Place

KIND, NAME = "canary", "all"
#: What openstacksdk calls the service, and how all of a kind are listed; the kind is that of `REMOVALS`.
_LISTED: Mapping[str, tuple[str, Callable[[Any], Iterable[Any]]]] = {
    "server": ("compute", lambda connection: connection.compute.servers(details=False)),
    "keypair": ("compute", lambda connection: connection.compute.keypairs()),
    "volume": ("block-storage", lambda connection: connection.block_storage.volumes(details=False)),
    "network": ("network", lambda connection: connection.network.networks(project_id=connection.current_project_id)),
    "image": ("image", lambda connection: connection.image.images(owner=connection.current_project_id)),
    "container": ("object-store", lambda connection: connection.object_store.containers()),
}


def keep(place: Place) -> None:
    """Write down, before the first is made, that a run has canaries: then a sweep looks for them."""
    # What is removed last was made first: the user whose canaries they are.
    _ = place.connection
    if not place.store.resources.of(place.run.id, kind=KIND, name=NAME):
        place.store.resources.add(place.run.id, Kept(KIND, NAME, {}))
    state = {"id": f"{place.run.prefix}-canary-*"}
    place.store.resources.set(place.run.id, {"kind": KIND, "name": NAME}, state=state, made=time.time(), gone=None)


class Canaries:
    """All canaries of a run; they come and go, so that none of them has to outlive anything."""

    name = KIND
    service = "identity"

    def make(self, place: Place, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """An observer makes them."""
        return {"id": f"{place.run.prefix}-canary-*"}

    def missing(self, place: Place, kept: Kept) -> str:  # noqa: ARG002
        """None of them has to be there."""
        return ""

    def differences(self, place: Place, kept: Kept) -> Iterator[str]:  # noqa: ARG002
        """None of them has to be as it was."""
        yield from ()

    def use(self, place: Place, kept: Kept) -> str:  # noqa: ARG002
        """The observer uses them."""
        return "they come and go; see `pytest-upgrade observe status`"

    def remove(self, place: Place, name: str, state: Mapping[str, Any]) -> None:  # noqa: ARG002
        """All that have a name of theirs; an observer that still lives is to be ended before."""
        connection, prefix = place.connection, f"{place.run.prefix}-canary"
        for kind, (service, listing) in _LISTED.items():
            if place.has(service):
                for name in {str(found.name) for found in listing(connection)}:
                    if name.startswith(prefix):
                        REMOVALS[kind](connection, name)
        identity, user = connection.identity, connection.current_user_id
        for found in list(identity.application_credentials(user)):
            if str(found.name).startswith(prefix):
                identity.delete_application_credential(user, found, ignore_missing=True)
