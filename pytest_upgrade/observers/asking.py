"""One request of a lane from its due instant to its end, and what that is worth."""

from __future__ import annotations

import asyncio
import ssl
import time
import uuid
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

from pytest_upgrade.observers import clock
from pytest_upgrade.observers.connection import Answer, Connection, RequestFailed
from pytest_upgrade.observers.lane import Lane
from pytest_upgrade.observers.login import Token
from pytest_upgrade.observers.resolving import addresses
from pytest_upgrade.observers.result import Result
from pytest_upgrade.observers.sample import Sample

_MICROSECOND = 1000
_JSON = "application/json"


@dataclass
class Asking:
    """The requests of a lane; connections that were not closed wait here for the next one."""

    lane: Lane
    number: int
    token: Token
    tls: ssl.SSLContext | None = None
    _idle: list[Connection] = field(default_factory=list)

    async def ask(self, slot: int, due: int) -> Sample:
        """Send the request of a slot; whatever happens becomes a sample."""
        return (await self.exchanged(slot, due))[0]

    async def exchanged(self, slot: int, due: int) -> tuple[Sample, Answer | None]:
        """The same, and the answer as far as one came."""
        late = (clock.now() - due) // _MICROSECOND
        sent_id = f"req-{uuid.uuid4()}"
        exchange = _Exchange()
        try:
            async with asyncio.timeout(self.lane.timeout):
                await self._exchange(exchange, slot, sent_id)
            result, text = Result.OK, exchange.text
        except TimeoutError:
            result, text = Result.TIMEOUT, f"no whole answer in {self.lane.timeout:g} s"
        except RequestFailed as failure:
            result, text, exchange.answer = failure.result, failure.text, failure.answer or exchange.answer
        took = (clock.now() - due) // _MICROSECOND
        if result is not Result.OK and exchange.connection is not None:
            exchange.connection.close()
        if result in (Result.UNAUTHORIZED, Result.EXPIRED):
            self.token.renew_soon()
        answer = exchange.answer
        sample = Sample(
            self.number, slot, late, took, result, answer.status if answer else 0, exchange.fresh,
            answer.request_id if answer and answer.request_id else sent_id if result is not Result.OK else "",
            exchange.connection.address[0] if exchange.connection else "", text,
        )  # fmt: skip
        return sample, answer

    async def _exchange(self, exchange: _Exchange, slot: int, sent_id: str) -> None:
        connection = self._waiting()
        exchange.fresh = connection is None
        if connection is None:
            connection, others = await Connection.open(self.lane, await addresses(self.lane, slot), self.tls)
            exchange.text = "; ".join(others)
        exchange.connection = connection
        if self.lane.role == "control":
            connection.close()
            return
        exchange.answer = await connection.ask(self.lane, *self._content(sent_id))
        self._judge(exchange.answer)
        if self.lane.connection == "reused" and connection.is_usable:
            self._idle.append(connection)
        else:
            connection.close()

    @property
    def has_idle(self) -> bool:
        """True while a connection waits that could carry another request."""
        return any(connection.is_usable for connection in self._idle)

    def _waiting(self) -> Connection | None:
        """A connection that can carry another request; those that the server has closed are not tried."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable:
                return connection
            connection.close()
        return None

    def _content(self, sent_id: str) -> tuple[dict[str, str], bytes]:
        headers = {
            "User-Agent": f"stackproof ({self.lane.name})", "Accept": _JSON,
            "X-OpenStack-Request-ID": sent_id,
        }  # fmt: skip
        if self.lane.token:
            headers["X-Auth-Token"] = self.token.value
        if self.lane.microversion:
            headers["OpenStack-API-Version"] = self.lane.microversion
        if self.lane.role == "login" and self.token.credentials is not None:
            return headers | {"Content-Type": _JSON}, self.token.credentials.sent
        if self.lane.body:
            kind = _JSON if self.lane.body.startswith("{") else "text/plain"
            return headers | {"Content-Type": kind}, self.lane.body.encode()
        return headers, b""

    def _judge(self, answer: Answer) -> None:
        """Raise `RequestFailed` for all that is not exactly what the lane expects."""
        status = answer.status
        if status == 429:
            raise RequestFailed(Result.THROTTLED, "429", answer)
        if status == 503 or b"retry-after" in answer.headers:
            raise RequestFailed(Result.UNAVAILABLE, f"{status}, come again later", answer)
        if status >= 500:
            raise RequestFailed(Result.SERVER_ERROR, str(status), answer)
        if status == 401 and self.lane.token:
            over = self.token.is_over(_date(answer))
            result = Result.EXPIRED if over else Result.UNAUTHORIZED
            raise RequestFailed(result, "401, the token's life is over" if over else "401, with a good token", answer)
        if status not in self.lane.statuses:
            expected = " or ".join(map(str, self.lane.statuses))
            raise RequestFailed(Result.STATUS, f"{status} instead of {expected}", answer)
        if self.lane.contains and self.lane.contains.encode() not in answer.body:
            raise RequestFailed(Result.BODY, f"{status}, and no {self.lane.contains} in the body", answer)


@dataclass
class _Exchange:
    """What is known of a request so far, wherever it ends."""

    connection: Connection | None = None
    fresh: bool = False
    answer: Answer | None = None
    text: str = ""


def _date(answer: Answer) -> float:
    """The server's own clock: lives of tokens are told by it."""
    try:
        return parsedate_to_datetime(answer.headers[b"date"].decode("ascii")).timestamp()
    except (KeyError, ValueError):
        return time.time()
