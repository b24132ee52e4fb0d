"""What a test asked of the cloud's APIs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from pytest_whitebox.evidence.piece import Piece
from pytest_whitebox.trace import Request


def pieces(asked: Iterable[Request]) -> Iterator[Piece]:
    """One line for each request."""
    yield Piece("requests.log", lambda: "".join(f"{line(one)}\n" for one in asked))


def line(asked: Request) -> str:
    """A request as a line of a log, its time in UTC.

    >>> line(Request(0.5, "POST", "nova:8774/v2.1/servers", 202, 0.25, "req-1"))
    '1970-01-01 00:00:00.500Z POST nova:8774/v2.1/servers 202 in 0.250 s req-1'
    """
    at = datetime.fromtimestamp(asked.at, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    return f"{at}Z {asked.method} {asked.url} {asked.status} in {asked.seconds:.3f} s {asked.id}"
