"""What Nova records of the requests to a server: how far each has come, and what it ended in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openstack.connection import Connection


@dataclass(frozen=True, slots=True)
class Event:
    """A step of an action; ``result`` is None as long as it is not over, ``said`` what it ended in."""

    name: str
    host: str
    result: str | None
    said: str = ""

    def __str__(self) -> str:
        where = f" on {self.host}" if self.host else ""
        return f"{self.name}{where}: {self.result or 'not over'}{f' ({self.said})' if self.said else ''}"


@dataclass(frozen=True, slots=True)
class Action:
    """What Nova recorded of one request to a server.

    >>> steps = Event("conductor_migrate_server", "one", "Success"), Event("compute_prep_resize", "two", None)
    >>> print(Action("migrate", "req-1", False, steps))
    migrate (req-1): conductor_migrate_server on one: Success, compute_prep_resize on two: not over
    """

    name: str
    request_id: str
    failed: bool
    events: tuple[Event, ...]

    @property
    def over(self) -> bool:
        """True if no step that has begun is still to end."""
        return all(event.result for event in self.events)

    @property
    def reason(self) -> str:
        """What the last step that failed said; empty if none did."""
        return next((event.said for event in reversed(self.events) if event.result == "Error"), "")

    def __str__(self) -> str:
        return f"{self.name} ({self.request_id}): {', '.join(map(str, self.events)) or 'no step has begun'}"

    @classmethod
    def from_resource(cls, resource: Any) -> Action:
        """What openstacksdk's object says."""
        events = tuple(map(_event, sorted(resource.events or (), key=lambda one: one["start_time"])))
        return cls(resource.action, resource.request_id, resource.message == "Error", events)


def action(connection: Connection, server: str, request_id: str) -> Action | None:
    """The action that a request began; None if Nova does not record it, or not yet."""
    from openstack.exceptions import NotFoundException

    compute: Any = connection.compute
    try:
        return Action.from_resource(compute.get_server_action(request_id, server, ignore_missing=False))
    except NotFoundException:
        return None


def _event(found: Mapping[str, Any]) -> Event:
    result = found.get("result")
    trace = [line for line in (found.get("traceback") or "").splitlines() if line.strip()]
    said = (found.get("details") or (trace[-1] if trace else "")) if result == "Error" else ""
    return Event(found["event"], found.get("host") or "", result, said.strip())
