"""What HAProxy wrote down of each request to an API: the truth that an observer of the cloud is checked against."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

_LINE = re.compile(
    r"\[(?P<began>[^]]+)\] (?P<client>\S+) (?P<api>\S+) (?P<instance>\S+) (?P<ended>\S{2}) (?P<status>-?\d+)"
    r" (?P<timers>-?\d+/-?\d+/-?\d+/-?\d+/\+?-?\d+) \+?(?P<size>\d+) (?P<redispatched>\+?)(?P<retries>\d+)"
    r" (?P<answered>\S+) (?P<asked>\S+) (?P<method>\S+) (?P<path>.*)$"
)
_STAMP = "%d/%b/%Y:%H:%M:%S.%f"


@dataclass(frozen=True, slots=True)
class Timers:
    """Milliseconds, -1 for what was never reached.

    ``received`` until the request was there, ``queued`` for a free server, ``connected`` to it, ``answered`` until the
    head of its answer, ``total`` from the first byte of the request to the last of the answer.
    """

    received: int
    queued: int
    connected: int
    answered: int
    total: int


@dataclass(frozen=True, slots=True)
class Request:
    """One request and how it ended.

    ``began`` is when its first byte came, in UTC to the millisecond. ``instance`` is empty if HAProxy answered itself.
    ``ended`` are the two letters of HAProxy's termination state, ``--`` for the ordinary. ``answered`` is the
    service's own id for it, ``asked`` the one that the client sent; both are empty if there was none.
    """

    began: datetime
    client: str
    api: str
    instance: str
    ended: str
    status: int
    timers: Timers
    size: int
    retries: int
    redispatched: bool
    answered: str
    asked: str
    method: str
    path: str

    @classmethod
    def from_line(cls, line: str) -> Request | None:
        """Parse a line of the log; None for one that tells something else, such as that a server is down.

        >>> line = "2026-11-21T10:57:17.8+00:00 [21/Nov/2026:10:57:17.809] 10.213.77.1:41024 nova b -- 200"
        >>> seen = Request.from_line(line + " 0/0/0/6/7 706 0 req-a80dba31 - GET /v2.1/servers")
        >>> seen.api, seen.instance, seen.status, seen.timers.total, seen.answered, seen.method, seen.path
        ('nova', 'b', 200, 7, 'req-a80dba31', 'GET', '/v2.1/servers')
        """
        found = _LINE.search(line)
        if found is None:
            return None
        return cls(
            began=datetime.strptime(found["began"], _STAMP).replace(tzinfo=UTC),
            client=found["client"],
            api=found["api"],
            instance="" if found["instance"] == "<NOSRV>" else found["instance"],
            ended=found["ended"],
            status=int(found["status"]),
            timers=Timers(*map(int, found["timers"].split("/"))),
            size=int(found["size"]),
            retries=int(found["retries"]),
            redispatched=bool(found["redispatched"]),
            answered=_id(found["answered"]),
            asked=_id(found["asked"]),
            method=found["method"],
            path=found["path"],
        )


def requests(lines: Iterable[str]) -> Iterator[Request]:
    """The requests in a log."""
    return (found for line in lines if (found := Request.from_line(line)))


def _id(text: str) -> str:
    return "" if text == "-" else text
