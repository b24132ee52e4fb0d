"""What became of a request, in one word."""

from __future__ import annotations

from enum import IntEnum


class Result(IntEnum):
    """Numbers, because samples are many; they are stored, and so are never given another meaning.

    >>> Result.SERVER_ERROR.word, Result.EXPIRED.failed, Result.SHED.failed
    ('server error', False, True)
    """

    OK = 0
    #: Nobody listens.
    REFUSED = 1
    #: The connection was cut while a request or its answer was under way.
    RESET = 2
    #: The connection was closed in order, before an answer.
    CLOSED = 3
    #: Neither network nor host are there.
    UNREACHABLE = 4
    #: No connection, or no whole answer, in time.
    TIMEOUT = 5
    #: The name has no address.
    DNS = 6
    #: No connection that can be trusted.
    TLS = 7
    #: What came is no HTTP.
    PROTOCOL = 8
    #: The answer ended before its announced length.
    TRUNCATED = 9
    #: A status from 500 on.
    SERVER_ERROR = 10
    #: 503, or any answer that asks to come again later.
    UNAVAILABLE = 11
    #: 429.
    THROTTLED = 12
    #: Another status than the lane expects.
    STATUS = 13
    #: The right status, and not what the body has to contain.
    BODY = 14
    #: 401 for a token whose life is not over.
    UNAUTHORIZED = 15
    #: 401 for a token whose life is over: no fault of the service.
    EXPIRED = 16
    #: Not sent, because too many before it were still without an answer.
    SHED = 17
    #: The probe itself went wrong: no fault of the service.
    BROKEN = 18

    @property
    def failed(self) -> bool:
        """True for what a user of the service would call a failure."""
        return self not in (Result.OK, Result.EXPIRED, Result.BROKEN)

    @property
    def word(self) -> str:
        """The name as it is told."""
        return self.name.replace("_", " ").lower()
