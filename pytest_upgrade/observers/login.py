"""A token that is always there: logged in from memory, again before its life is over."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pytest_upgrade.observers.connection import Answer, Connection, RequestFailed
from pytest_upgrade.observers.lane import Lane
from pytest_upgrade.observers.resolving import addresses
from pytest_upgrade.observers.result import Result

#: The share of its life after which a token is renewed.
_SHARE = 0.8
_SHORTEST, _LONGEST = 1.0, 30.0


@dataclass(frozen=True)
class Credentials:
    """Where and with what to log in; ``body`` is what Keystone's ``POST /v3/auth/tokens`` takes."""

    url: str
    body: Mapping[str, Any] = field(repr=False)

    @property
    def sent(self) -> bytes:
        """The body of the request."""
        return json.dumps(self.body).encode()

    @property
    def lane(self) -> Lane:
        """The request that logs in."""
        return Lane("identity", "POST", "/auth/tokens", self.url, "new", period=1.0, statuses=(201,), timeout=10.0)


@dataclass
class Token:
    """The token that requests carry; ``expires`` is a time since 1970."""

    credentials: Credentials | None
    tls: ssl.SSLContext | None = None
    value: str = field(default="", repr=False)
    expires: float = 0.0
    issued: float = 0.0
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)

    def is_over(self, at: float) -> bool:
        """True once its life has ended."""
        return bool(self.value) and at >= self.expires

    def renew_soon(self) -> None:
        """It was not taken: have another, whatever its life."""
        self._wanted.set()

    async def renew(self) -> None:
        """Log in; raises `RequestFailed`."""
        if self.credentials is None:
            return
        lane = self.credentials.lane
        async with asyncio.timeout(lane.timeout):
            connection, _ = await Connection.open(lane, await addresses(lane, 0), self.tls)
            try:
                answer = await connection.ask(lane, {"Content-Type": "application/json"}, self.credentials.sent)
            finally:
                connection.close()
        if answer.status != 201:
            raise RequestFailed(Result.STATUS, f"login was answered with {answer.status}")
        self.value, self.issued, self.expires = _token(answer)

    async def keep(self) -> None:
        """Renew it for ever, with ever longer pauses while that fails."""
        pause = _SHORTEST
        while self.credentials is not None:
            left = self.issued + (self.expires - self.issued) * _SHARE - datetime.now(UTC).timestamp()
            try:
                async with asyncio.timeout(max(left, pause)):
                    await self._wanted.wait()
                await asyncio.sleep(pause)
            except TimeoutError:
                pass
            self._wanted.clear()
            try:
                await self.renew()
                pause = _SHORTEST
            except (RequestFailed, TimeoutError):
                pause = min(pause * 2, _LONGEST)
                self._wanted.set()


def _token(answer: Answer) -> tuple[str, float, float]:
    """The token, when it was issued, and when its life is over."""
    try:
        told = json.loads(answer.body)["token"]
        times = [_time(told[name]) for name in ("issued_at", "expires_at")]
        return answer.headers[b"x-subject-token"].decode("ascii"), times[0], times[1]
    except (KeyError, TypeError, ValueError):
        raise RequestFailed(Result.BODY, "the answer to the login has no token") from None


def _time(text: str) -> float:
    """As Keystone writes it.

    >>> _time("2026-11-29T23:00:00.000000Z")
    1795993200.0
    """
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
