"""Undoing what a test made: found by its name, so that even a request whose answer was lost is undone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from pytest_whitebox.core.wait import wait_for

if TYPE_CHECKING:
    from openstack.connection import Connection

_PATIENCE = 180  # seconds for the slowest of them, a server that is still building


def server(connection: Connection, name: str) -> None:
    """Delete the servers of this name and wait until they are gone."""
    compute: Any = connection.compute
    _all(name, lambda: compute.servers(name=f"^{name}$"), compute.delete_server, "server")


def flavor(connection: Connection, name: str) -> None:
    """Delete the flavors of this name."""
    compute: Any = connection.compute
    _all(name, lambda: compute.flavors(is_public="None"), compute.delete_flavor, "flavor")


def image(connection: Connection, name: str) -> None:
    """Delete the images of this name and wait until they are gone."""
    images: Any = connection.image
    _all(name, lambda: images.images(name=name), images.delete_image, "image")


def volume(connection: Connection, name: str) -> None:
    """Delete the volumes of this name and wait until they are gone."""
    storage: Any = connection.block_storage
    _all(name, lambda: storage.volumes(name=name), storage.delete_volume, "volume")


def secret(connection: Connection, name: str) -> None:
    """Delete the secrets of this name."""
    manager: Any = connection.key_manager
    _all(name, lambda: manager.secrets(name=name), lambda found: manager.delete_secret(found.secret_id), "secret")


def domain(name: str) -> str:
    """The domain that a zone of this name is for, under a top level that no name server outside knows.

    >>> domain("sp-zone1")
    'sp-zone1.stackproof.test.'
    """
    return f"{name}.stackproof.test."


def zone(connection: Connection, name: str) -> None:
    """Delete the zones of this name and wait until their name servers have let go of them."""
    dns: Any = connection.dns
    _all(domain(name), lambda: dns.zones(name=domain(name)), dns.delete_zone, "zone")


def stack(connection: Connection, name: str) -> None:
    """Delete the stacks of this name, with all that they made, and wait until they are gone."""
    heat: Any = connection.orchestration
    _all(name, lambda: heat.stacks(name=name), heat.delete_stack, "stack")


def attachment(connection: Connection, server_id: str, volume_id: str) -> None:
    """Detach a volume and wait until it is free; nothing to do if it is not attached."""
    compute: Any = connection.compute
    if any(found.volume_id == volume_id for found in compute.volume_attachments(server_id)):
        compute.delete_volume_attachment(server_id, volume_id)
    storage: Any = connection.block_storage
    wait_for(
        lambda: storage.get_volume(volume_id).status not in ("in-use", "detaching", "attaching"),
        timeout=_PATIENCE, every=0.5, what=f"volume {volume_id} to be detached",
    )  # fmt: skip


def _all(name: str, listing: Callable[[], Iterable[Any]], delete: Callable[[Any], object], kind: str) -> None:
    def left() -> list[Any]:
        return [found for found in listing() if found.name == name]

    for found in left():
        delete(found)
    wait_for(
        lambda: not left(), timeout=_PATIENCE, every=0.5, what=f"{kind} {name} to be gone",
        hint=f"see what holds it with `openstack {kind} show {name}`",
    )  # fmt: skip
