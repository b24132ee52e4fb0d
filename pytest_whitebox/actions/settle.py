"""Asking Nova for an action, and waiting until it is done: with its reason if it fails, and what was seen last."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pytest_whitebox.actions.record import Action, action
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.wait import WaitTimeout, wait_for

if TYPE_CHECKING:
    from pytest_whitebox.server import Server

#: Seconds for an action that moves no data of any size.
PATIENCE = 300


class ServerError(StackproofError):
    """A server went to ERROR, or not where it should; tells the fault that Nova recorded."""


def ask(server: Server, path: str, body: Mapping[str, Any] | None, microversion: str) -> str:
    """Send a request about a server and return its id, by which Nova and its log know it; DELETE without a body.

    An older cloud is asked with the highest microversion that it speaks.
    """
    from openstack.exceptions import raise_from_response

    compute: Any = server.cloud.connection.compute
    url = f"/servers/{server.id}/{path}"
    shape: dict[str, Any] = {"microversion": lower(microversion, server.cloud.microversion("compute") or microversion)}
    answer = compute.delete(url, **shape) if body is None else compute.post(url, json=dict(body), **shape)
    raise_from_response(answer)
    return str(answer.headers.get("x-openstack-request-id", ""))


def lower(one: str, other: str) -> str:
    """The lower of two microversions.

    >>> lower("2.95", "2.100"), lower("2.95", "2.90")
    ('2.95', '2.90')
    """
    return min(one, other, key=lambda version: tuple(map(int, version.split("."))))


def becomes(server: Server, *statuses: str) -> Callable[[], bool]:
    """A condition for `settle`: the server has one of these statuses."""
    return lambda: server.status in statuses


def settle(
    server: Server, request_id: str, until: Callable[[], object], *, to: str, timeout: float = PATIENCE,
    retried: bool = False, hint: str = "",
) -> Server:  # fmt: skip
    """Wait until the server has settled after a request and ``until()`` holds; ``to`` says what it was to do.

    Raises `ServerError` with Nova's reason as soon as the action has failed; ``retried`` tells of actions that may
    fail on one host and go on on another. A timeout says what was seen last, of the server and of the action.
    """

    def over() -> bool:
        server.refresh()
        if server.resource.task_state:
            return False
        done = action(server.cloud.connection, server.id, request_id)
        if done and not done.over:
            return False
        reached = bool(until())
        failed = done is not None and done.failed and not (reached and retried)
        if failed or server.status == "ERROR":
            raise _failed(server, done, to, hint)
        return reached

    try:
        wait_for(over, timeout=timeout, every=0.5, what=f"server {server.name} to {to}")
    except WaitTimeout:
        done = action(server.cloud.connection, server.id, request_id)
        how_far = str(done or "no action is recorded")
        raise ServerError(
            f"server {server.name} could not {to} within {timeout:g} s: {seen(server)}; {how_far}",
            hint=hint or f"see the log of nova-compute on its host for {request_id}",
        ) from None
    return server


def seen(server: Server) -> str:
    """The state of a server as of its last `refresh`, in words."""
    found = server.resource
    task = f", {found.task_state}" if found.task_state else ""
    return f"it is {found.status}{task} on {found.compute_host or 'no host'}"


def fault(server: Server) -> str:
    """What Nova says went wrong; empty if it recorded no fault, or shows none since the server is not in ERROR."""
    return str((server.resource.fault or {}).get("message", ""))


def _failed(server: Server, done: Action | None, to: str, hint: str) -> ServerError:
    why = fault(server) or (done.reason if done else "") or "Nova recorded no fault"
    return ServerError(
        f"server {server.name} could not {to}: {why}; {seen(server)}",
        hint="; ".join(filter(None, (hint, str(done) if done else ""))) or f"`openstack server show {server.id}`",
    )
