"""A request and its answer, whichever library sent it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_cleanup.errors import words_of

_REFUSED = 400


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was asked of a service and what it answered; ``service`` is the official service type.

    ``project`` and ``user`` are those of the token that it was asked with.
    """

    method: str
    url: str
    service: str
    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    text: str = field(default="", repr=False)
    sent: str = field(default="", repr=False)
    project: str = ""
    user: str = ""

    @property
    def changes(self) -> bool:
        """True if it may have changed something."""
        return self.method not in ("GET", "HEAD", "OPTIONS")

    @property
    def request_id(self) -> str:
        """What the service calls the request.

        >>> Exchange("POST", "http://nova/servers", "compute", 202, {"X-Compute-Request-Id": "req-1"}).request_id
        'req-1'
        """
        return self.header("x-openstack-request-id") or self.header("x-compute-request-id")

    @property
    def body(self) -> Any:
        """The answer as JSON; an empty mapping if it is none."""
        return _json(self.text)

    @property
    def asked(self) -> Any:
        """What was sent, as JSON; an empty mapping if it is none."""
        return _json(self.sent)

    @property
    def said(self) -> str:
        """Why the service refused, in its own words; empty if it did not.

        >>> refused = '{"conflictingRequest": {"code": 409, "message": "Port is in use."}}'
        >>> Exchange("DELETE", "http://neutron/ports/1", "network", 409, text=refused).said
        'Port is in use.'
        """
        return words_of(self.text) if self.status >= _REFUSED else ""

    def header(self, name: str) -> str:
        """A header of the answer, whatever its case."""
        return next((str(value) for key, value in self.headers.items() if key.lower() == name), "")


def _json(text: str) -> Any:
    try:
        return json.loads(text) if text else {}
    except ValueError:
        return {}
