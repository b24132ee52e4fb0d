"""A lane: one request, sent again and again, over connections of one kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from pytest_upgrade.observers.canary import Canary

Connection = Literal["new", "reused"]
#: A probe is judged; a canary writes; the control lane tells the observer's own network apart from the cloud.
Role = Literal["probe", "login", "canary", "control"]


@dataclass(frozen=True, slots=True)
class Lane:
    """``path`` is what people read and markers name, ``url`` where the request goes; times are seconds.

    ``statuses`` are those of success, and no others; ``contains`` is a text that the body must have;
    ``microversion`` is what the header ``OpenStack-API-Version`` says, as in ``compute 2.37``, empty for none.

    >>> lane = Lane("compute", "GET", "/", "http://10.0.0.1:8774/", "new", period=0.2)
    >>> lane.name, lane.port
    ('GET compute / (new)', 8774)
    """

    service: str
    method: str
    path: str
    url: str
    connection: Connection
    period: float
    statuses: tuple[int, ...] = (200,)
    contains: str = ""
    token: bool = False
    role: Role = "probe"
    connect_timeout: float = 2.0
    timeout: float = 5.0
    body: str = ""
    canary: Canary | None = None
    microversion: str = ""

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Lane:
        """The lane that `dataclasses.asdict` has taken apart."""
        canary = Canary.from_json(row["canary"]) if row.get("canary") else None
        return cls(**{**row, "statuses": tuple(row["statuses"]), "canary": canary})

    @property
    def name(self) -> str:
        """How it is told of."""
        return f"{self.operation} ({self.connection})"

    @property
    def operation(self) -> str:
        """What it asks, whatever its connections."""
        return f"{self.method} {self.service} {self.path}"

    @property
    def host(self) -> str:
        """The name or address that it connects to."""
        return urlsplit(self.url).hostname or ""

    @property
    def is_secure(self) -> bool:
        """True with TLS."""
        return urlsplit(self.url).scheme == "https"

    @property
    def port(self) -> int:
        """The port that it connects to."""
        return urlsplit(self.url).port or (443 if self.is_secure else 80)

    @property
    def target(self) -> str:
        """What stands in the first line of the request."""
        parts = urlsplit(self.url)
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    @property
    def authority(self) -> str:
        """The header `Host`."""
        return urlsplit(self.url).netloc.rpartition("@")[2]

    @property
    def most_in_flight(self) -> int:
        """So many wait for their answers at most: those that a dead service keeps until their time is over, and two."""
        return int(self.timeout / self.period) + 2
