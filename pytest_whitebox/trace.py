"""What a test asked of the cloud: all under one request id of its own, by which the logs of all services know it."""

from __future__ import annotations

import re
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import uuid4

if TYPE_CHECKING:
    from openstack.connection import Connection

_HEADER = "X-OpenStack-Request-ID"
_MOST = 10_000  # requests that are remembered of one test
#: A token for a console is in the path of the request that checks it.
_TOKEN = re.compile(r"(?<=/os-console-auth-tokens/)[^/]+")


@dataclass(frozen=True, slots=True)
class Request:
    """A request that was answered; ``at`` in seconds since 1970, ``id`` is what the service calls it."""

    at: float
    method: str
    url: str
    status: int
    seconds: float
    id: str

    @property
    def changes(self) -> bool:
        """True if it may have changed something."""
        return self.method not in ("GET", "HEAD")


class Trace:
    """``id`` is sent with each request, from service to service (oslo.context's global request id)."""

    def __init__(self) -> None:
        self.id = ""
        self.requests: deque[Request] = deque(maxlen=_MOST)
        self._sessions: list[Any] = []
        self.begin()

    def begin(self) -> None:
        """Another test begins: under a new id, with nothing asked yet."""
        self.id = f"req-{uuid4()}"
        self.requests.clear()
        for session in self._sessions:
            session.additional_headers[_HEADER] = self.id

    def follow(self, connection: Connection) -> None:
        """Have a connection send the id, and remember what is answered."""
        session: Any = connection.session
        session.additional_headers[_HEADER] = self.id
        session.session.hooks["response"].append(self._remember)
        self._sessions.append(session)

    def _remember(self, response: Any, *_: Any, **__: Any) -> None:
        seconds = response.elapsed.total_seconds()
        id = response.headers.get(_HEADER, "")
        shown = path(response.request.url)
        asked = Request(time.time() - seconds, response.request.method, shown, response.status_code, seconds, id)
        self.requests.append(asked)


def path(url: str) -> str:
    """An address as it may be shown: without what may be a secret in it.

    >>> path("http://nova.example:8774/v2.1/os-console-auth-tokens/3f9a?sig=1")
    'nova.example:8774/v2.1/os-console-auth-tokens/***'
    """
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2] + _TOKEN.sub("***", parts.path)
