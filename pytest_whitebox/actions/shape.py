"""Servers that are made anew: rebuilt, rescued, shelved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_whitebox.actions.settle import PATIENCE, ask, becomes, settle

if TYPE_CHECKING:
    from pytest_whitebox.core.hosts import Host
    from pytest_whitebox.server import Server

#: 2.93 rebuilds what boots from a volume, 2.91 unshelves to a host, 2.87 rescues with a stable device.
_REBUILD, _UNSHELVE, _RESCUE, _OLDEST = "2.93", "2.91", "2.87", "2.1"

_SHELVED = ("SHELVED", "SHELVED_OFFLOADED")


def rebuild(server: Server, image: Any = None, *, timeout: float = PATIENCE, **options: Any) -> Server:
    """Make it anew where it is, from an image or the one that it has; it is as active or stopped as before."""
    before = server.refresh().status
    source = image.id if image is not None else server.resource.image.id
    request = ask(server, "action", {"rebuild": {"imageRef": source, **options}}, _REBUILD)
    return settle(server, request, becomes(server, before), to="be rebuilt", timeout=timeout)


def rescue(server: Server, image: Any = None, *, timeout: float = PATIENCE) -> Server:
    """Boot it from a rescue image, or its own; ``RESCUE`` then."""
    options = {} if image is None else {"rescue_image_ref": image.id}
    request = ask(server, "action", {"rescue": options}, _RESCUE)
    return settle(server, request, becomes(server, "RESCUE"), to="be rescued", timeout=timeout)


def unrescue(server: Server, *, timeout: float = PATIENCE) -> Server:
    """Boot it from its own disk again; ``ACTIVE`` then."""
    request = ask(server, "action", {"unrescue": None}, _OLDEST)
    return settle(server, request, becomes(server, "ACTIVE"), to="leave its rescue", timeout=timeout)


def shelve(server: Server, *, timeout: float = PATIENCE) -> Server:
    """Store it as an image and let its host forget it; ``SHELVED_OFFLOADED`` then."""
    request = ask(server, "action", {"shelve": None}, _OLDEST)
    settle(server, request, becomes(server, *_SHELVED), to="be shelved", timeout=timeout)
    if server.status == "SHELVED":
        request = ask(server, "action", {"shelveOffload": None}, _OLDEST)
    return settle(server, request, becomes(server, "SHELVED_OFFLOADED"), to="be offloaded", timeout=timeout)


def unshelve(server: Server, host: Host | str | None = None, *, timeout: float = PATIENCE) -> Server:
    """Give it a host again, of the scheduler's choice unless one is named; ``ACTIVE`` then."""
    place = None if host is None else {"host": host if isinstance(host, str) else host.name}
    request = ask(server, "action", {"unshelve": place}, _UNSHELVE)
    return settle(server, request, becomes(server, "ACTIVE"), to="be unshelved", timeout=timeout, retried=True)
