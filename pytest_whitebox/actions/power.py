"""Servers that stop and go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_whitebox.actions.settle import PATIENCE, ask, becomes, settle

if TYPE_CHECKING:
    from pytest_whitebox.server import Server

_MICROVERSION = "2.1"


def stop(server: Server, *, timeout: float = PATIENCE) -> Server:
    """Shut it down; ``SHUTOFF`` then."""
    return _become(server, "os-stop", None, "SHUTOFF", "stop", timeout)


def start(server: Server, *, timeout: float = PATIENCE) -> Server:
    """Start it; ``ACTIVE`` then."""
    return _become(server, "os-start", None, "ACTIVE", "start", timeout)


def reboot(server: Server, *, hard: bool = False, timeout: float = PATIENCE) -> Server:
    """Ask the guest to reboot, or make its domain anew if ``hard``; ``ACTIVE`` then."""
    kind = "HARD" if hard else "SOFT"
    return _become(server, "reboot", {"type": kind}, "ACTIVE", "reboot", timeout)


def pause(server: Server, *, timeout: float = PATIENCE) -> Server:
    """Stop its vCPUs; ``PAUSED`` then."""
    return _become(server, "pause", None, "PAUSED", "pause", timeout)


def unpause(server: Server, *, timeout: float = PATIENCE) -> Server:
    """Let its vCPUs go on; ``ACTIVE`` then."""
    return _become(server, "unpause", None, "ACTIVE", "go on", timeout)


def suspend(server: Server, *, timeout: float = PATIENCE) -> Server:
    """Save its memory to disk; ``SUSPENDED`` then."""
    return _become(server, "suspend", None, "SUSPENDED", "be suspended", timeout)


def resume(server: Server, *, timeout: float = PATIENCE) -> Server:
    """Go on from its saved memory; ``ACTIVE`` then."""
    return _become(server, "resume", None, "ACTIVE", "resume", timeout)


def _become(server: Server, action: str, options: Any, status: str, to: str, timeout: float) -> Server:
    request = ask(server, "action", {action: options}, _MICROVERSION)
    return settle(server, request, becomes(server, status), to=to, timeout=timeout)
