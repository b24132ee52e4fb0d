"""What the services logged: those that report to the cloud since the test began, and all of them of its requests."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from pytest_whitebox.evidence.piece import LOST, Piece, told

if TYPE_CHECKING:
    from pytest_whitebox.cloud import Cloud
    from pytest_whitebox.core.hosts import Host

_READ, _SHOWN = 5000, 400  # lines of a log: looked at, and shown of those since the test began
_STAMP, _STAMP_LENGTH = "%Y-%m-%d %H:%M:%S", len("2026-11-21 07:30:00.123")
#: Services that report to nobody, by the names that one or another deployment gives them.
_APIS = (
    "keystone", "keystone-api", "glance-api", "placement-api", "nova-api", "neutron-server", "neutron-api",
    "neutron-rpc-server", "cinder-api", "barbican-api", "heat-api", "designate-api",
)  # fmt: skip

#: The log of a service on a host since the test began.
Read = Callable[["Host", str], str]


def pieces(cloud: Cloud, start: float, ids: Collection[str]) -> Iterator[Piece]:
    """The log of each service, and all lines of the test's requests in the order of their time."""
    read = reader(start)
    yield of_requests(cloud, read, ids)
    # Where no host is found, the piece before this tells why.
    with suppress(Exception):
        for host in cloud.hosts:
            for service in host.services:
                yield _log(host, service, read)


def reader(start: float) -> Read:
    """Reads the log of each service since then, once, however often it is looked at."""
    return cache(lambda host, service: _since(host, service, start))


def of_requests(cloud: Cloud, read: Read, ids: Collection[str]) -> Piece:
    """What all services logged of some requests, by their own ids or the one that they have in common."""
    return Piece("log-of-its-requests.log", lambda: _of_requests(cloud, read, ids))


def local_time(host: Host, seconds: float) -> str:
    """A time as the host's services write it into their logs, such as ``2026-11-21 07:30:00``."""
    return host.run(["date", "-d", f"@{int(seconds)}", f"+{_STAMP}"]).stdout.strip()


def lines_since(log: str, local: str, utc: str) -> str:
    """The log from the first line that is not older; lines without a time, as of a traceback, go with those before.

    Lines with a ``Z`` in their time, as OVN's, are compared with ``utc``, the others with ``local``.

    >>> log = "2026-11-21 07:00:00.1 old\\n more\\n2026-11-21T07:30:00.1Z|new\\n more"
    >>> print(lines_since(log, "2026-11-21 08:00:00", "2026-11-21 07:00:00"))
    2026-11-21T07:30:00.1Z|new
     more
    """
    lines = log.splitlines()
    for at, line in enumerate(lines):
        since = utc if "Z" in line[19:28] else local
        if line[:4].isdigit() and line[:19].replace("T", " ") >= since:
            return "\n".join(lines[at:])
    return ""


def of_ids(log: str, ids: Collection[str]) -> Iterator[str]:
    """The lines that name one of these requests, and begin with a time as what a service itself writes does.

    >>> list(of_ids("2026-11-21 [req-1 me] one\\n2026-11-21 [req-2 me] two\\nGET /actions/req-2 200", {"req-2"}))
    ['2026-11-21 [req-2 me] two']
    """
    return (line for line in log.splitlines() if line[:4].isdigit() and any(id in line for id in ids))


def _since(host: Host, service: str, start: float) -> str:
    utc = datetime.fromtimestamp(start, UTC).strftime(_STAMP)
    return lines_since(host.service(service).log_tail(_READ), local_time(host, start), utc)


def _log(host: Host, service: str, read: Read) -> Piece:
    return Piece(f"{host.name}-{service}.log", lambda: "\n".join(read(host, service).splitlines()[-_SHOWN:]))


def _of_requests(cloud: Cloud, read: Read, ids: Collection[str]) -> str:
    """The lines of all services in the order of their time, each behind its host and service."""
    found = [line for host in cloud.hosts for service in _services(host) for line in _lines(host, service, read, ids)]
    return "".join(f"{where} {line}\n" for where, line in sorted(found, key=lambda one: one[1][:_STAMP_LENGTH]))


def _services(host: Host) -> Iterator[str]:
    yield from host.services
    if "controller" in host.roles:
        yield from (name for name in _APIS if host.service(name).exists)


def _lines(host: Host, service: str, read: Read, ids: Collection[str]) -> Iterator[tuple[str, str]]:
    where = f"{host.name} {service}:"
    text = told(Piece(where, lambda: read(host, service)))
    if text.startswith(LOST):
        yield where, text.strip()
    yield from ((where, line) for line in of_ids(text, ids))
