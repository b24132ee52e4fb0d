"""Servers that go to another host, or get another flavor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pytest_whitebox.actions.settle import PATIENCE, ServerError, ask, becomes, seen, settle

if TYPE_CHECKING:
    from pytest_whitebox.core.hosts import Host
    from pytest_whitebox.server import Server

#: 2.34 checks a live migration after it has answered, 2.56 lets a cold one name its host.
_LIVE, _COLD, _OLDEST = "2.34", "2.56", "2.1"
#: From this microversion on what is evacuated stays off.
STAYS_OFF = "2.95"
_STANDS = ("ACTIVE", "SHUTOFF")
_GAVE_UP = ("error", "failed", "cancelled")
_NO_HOST = "does another compute host have room?"


def live_migrate(server: Server, host: Host | str | None = None, *, timeout: float = PATIENCE) -> Server:
    """Move it while it runs, to a host of the scheduler's choice unless one is named.

    Its disks are copied if the hosts do not share them. It is over when the migration is completed, not when the
    server says ACTIVE: the source still has to clear up.
    """
    until = _arrival(server, ("completed",))
    body = {"os-migrateLive": {"host": _name(host), "block_migration": "auto"}}
    request = ask(server, "action", body, _LIVE)
    return settle(server, request, until, to="be live-migrated", timeout=timeout, retried=True, hint=_NO_HOST)


def migrate(server: Server, host: Host | str | None = None, *, timeout: float = PATIENCE) -> Server:
    """Move it while it is off; ``VERIFY_RESIZE`` then, until it is confirmed or reverted."""
    until = _arrival(server, ("finished",))
    options = None if host is None else {"host": _name(host)}
    request = ask(server, "action", {"migrate": options}, _COLD)
    return settle(server, request, until, to="be migrated", timeout=timeout, retried=True, hint=_NO_HOST)


def resize(server: Server, flavor: Any, *, timeout: float = PATIENCE) -> Server:
    """Give it another flavor; ``VERIFY_RESIZE`` then, until it is confirmed or reverted.

    Whether it may stay on its host is the cloud's matter (``[DEFAULT] allow_resize_to_same_host``).
    """
    request = ask(server, "action", {"resize": {"flavorRef": flavor.id}}, _OLDEST)
    hint = f"{_NO_HOST} Its own counts only with [DEFAULT] allow_resize_to_same_host"
    until = becomes(server, "VERIFY_RESIZE")
    return settle(server, request, until, to="be resized", timeout=timeout, retried=True, hint=hint)


def confirm(server: Server, *, timeout: float = PATIENCE) -> Server:
    """Confirm a migration or a resize: there is no way back."""
    request = ask(server, "action", {"confirmResize": None}, _OLDEST)
    return settle(server, request, becomes(server, *_STANDS), to="be confirmed", timeout=timeout)


def revert(server: Server, *, timeout: float = PATIENCE) -> Server:
    """Revert a migration or a resize: back to the host and the flavor that it had."""
    request = ask(server, "action", {"revertResize": None}, _OLDEST)
    return settle(server, request, becomes(server, *_STANDS), to="be reverted", timeout=timeout)


def evacuate(
    server: Server, host: Host | str | None = None, *, microversion: str = STAYS_OFF, timeout: float = PATIENCE
) -> Server:
    """Rebuild it on another host since its own is down, which Nova must know; what to do with that host is yours.

    With a microversion below `STAYS_OFF` a server that ran is started, else it is ``SHUTOFF``.
    """
    until = _arrival(server, ("done", "completed"))
    options = {} if host is None else {"host": _name(host)}
    request = ask(server, "action", {"evacuate": options}, microversion)
    return settle(server, request, until, to="be evacuated", timeout=timeout, retried=True, hint=_NO_HOST)


def migrations(server: Server) -> tuple[Any, ...]:
    """Nova's records of its migrations, the newest first."""
    compute: Any = server.cloud.connection.compute
    return tuple(compute.migrations(instance_uuid=server.id))


def _arrival(server: Server, ends: tuple[str, ...]) -> Callable[[], bool]:
    """True once a migration that does not exist yet has come to one of these ends, on another host than now."""
    before, known = server.refresh().resource.compute_host, {found.uuid for found in migrations(server)}

    def arrived() -> bool:
        new = next((found for found in migrations(server) if found.uuid not in known), None)
        if new is None:
            return False
        if new.status in _GAVE_UP:
            raise ServerError(
                f"the {new.migration_type} of server {server.name} to {new.dest_compute or 'no host'} ended as "
                f"{new.status}; {seen(server)}",
                hint=f"see the logs of nova-compute on {before} and {new.dest_compute or 'of nova-conductor'}",
            )
        return new.status in ends and server.resource.compute_host != before

    return arrived


def _name(host: Host | str | None) -> str | None:
    return host if host is None or isinstance(host, str) else host.name
