"""One request against a server that misbehaves: each thing has its class, and nothing is tried again."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path

import pytest

from pytest_upgrade.observers import clock
from pytest_upgrade.observers.asking import Asking
from pytest_upgrade.observers.lane import Lane
from pytest_upgrade.observers.login import Credentials, Token
from pytest_upgrade.observers.result import Result
from pytest_upgrade.observers.sample import Sample
from tests.doubles.scripted import CLOSE, RESET, Scripted, response, scripted

ID = "req-3f9a1c00-0000-4000-8000-000000000000"
GOOD = response(200, b'{"servers": []}', f"X-OpenStack-Request-ID: {ID}")
ANSWERS = {
    "/good": GOOD,
    "/good!": GOOD,
    "/last": response(200, b'{"servers": []}', "Connection: close"),
    "/300": response(300),
    "/429": response(429, b"{}", "Retry-After: 3"),
    "/503": response(503, b"{}", f"X-OpenStack-Request-ID: {ID}"),
    "/503-later": response(503, b"{}", "Retry-After: 3"),
    "/later": response(200, b'{"servers": []}', "Retry-After: 3"),
    "/500": response(500),
    "/404": response(404),
    "/401": response(401, b"{}", f"Date: {formatdate(usegmt=True)}"),
    "/other": response(200, b'{"flavors": []}'),
    "/half!": GOOD[:-4],
    "/chunks!": b"HTTP/1.1 200 -\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nserve",
    "/silent": b"",
    "/reset": RESET,
    "/close": CLOSE,
    "/not-http!": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
}
LIFE = {"issued_at": "2026-11-29T22:00:00.000000Z", "expires_at": "2999-11-29T23:00:00.000000Z"}
LOGIN = response(201, json.dumps({"token": LIFE}).encode(), "X-Subject-Token: gAAAA")


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted(ANSWERS) as server:
        yield server


def lane(url: str, **more: object) -> Lane:
    made = Lane("compute", "GET", "/servers", url, "new", 0.2, contains="servers", timeout=1.0, connect_timeout=0.4)
    return replace(made, **more)  # type: ignore[arg-type]


def ask(lane: Lane, *, times: int = 1, token: Token | None = None, tls: ssl.SSLContext | None = None) -> list[Sample]:
    async def asked() -> list[Sample]:
        asking = Asking(lane, 1, token or Token(None), tls)
        return [await asking.ask(slot, clock.now()) for slot in range(times)]

    return asyncio.run(asked())


@pytest.mark.parametrize(
    ("path", "result", "status"),
    [
        ("/good", Result.OK, 200), ("/300", Result.STATUS, 300), ("/429", Result.THROTTLED, 429),
        ("/503", Result.UNAVAILABLE, 503), ("/503-later", Result.UNAVAILABLE, 503),
        ("/later", Result.UNAVAILABLE, 200), ("/500", Result.SERVER_ERROR, 500),
        ("/404", Result.STATUS, 404), ("/other", Result.BODY, 200), ("/half!", Result.TRUNCATED, 200),
        ("/chunks!", Result.TRUNCATED, 200), ("/silent", Result.TIMEOUT, 0), ("/reset", Result.RESET, 0),
        ("/close", Result.CLOSED, 0), ("/not-http!", Result.PROTOCOL, 0),
    ],
)  # fmt: skip
def test_each_answer_has_its_class_and_is_asked_for_once(
    server: Scripted, path: str, result: Result, status: int
) -> None:
    (sample,) = ask(lane(server.url(path)))
    assert (sample.result, sample.status) == (result, status), sample.text
    assert server.asked == {path: 1}
    assert sample.request_id.startswith("req-")


def test_the_request_id_is_the_servers_own_and_else_the_one_that_was_sent(server: Scripted) -> None:
    (answered,) = ask(lane(server.url("/503")))
    (cut,) = ask(lane(server.url("/reset")))
    assert answered.request_id == ID
    assert f"x-openstack-request-id: {cut.request_id}" in server.heads[-1].decode().lower()


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    (sample,) = ask(lane(f"http://127.0.0.1:{port}/"))
    assert (sample.result, sample.text) == (Result.REFUSED, "connect: Connection refused")


def test_a_listener_that_never_accepts_has_until_the_time_for_connections() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listening:
        address = listening.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        (sample,) = ask(lane(f"http://127.0.0.1:{address[1]}/"))
        for one in waiting:
            one.close()
    assert (sample.result, sample.text) == (Result.TIMEOUT, "no connection in 0.4 s")


def test_a_name_without_an_address() -> None:
    (sample,) = ask(lane("http://nowhere.invalid/"))
    assert sample.result is Result.DNS


def test_a_name_with_two_addresses_of_which_one_answers(server: Scripted) -> None:
    """localhost is ::1 and 127.0.0.1 where IPv6 is on: the dead one is told of, and clients do not fail."""
    known = {str(entry[4][0]) for entry in socket.getaddrinfo("localhost", server.port, type=socket.SOCK_STREAM)}
    samples = ask(lane(server.url("/good", host="localhost")), times=2)
    assert [sample.result for sample in samples] == [Result.OK, Result.OK]
    assert {sample.address for sample in samples} == {"127.0.0.1"}
    told = [sample.text for sample in samples]
    assert ("::1: connect: Connection refused" in told) == ("::1" in known)


class TwoAddresses(asyncio.SelectorEventLoop):
    """A loop whose resolver knows two addresses of each name, of which nobody listens at the first."""

    async def getaddrinfo(self, host: object, port: object, **_: object) -> list[tuple[object, ...]]:  # type: ignore[override]
        return [
            (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port))
            for address in ("127.0.0.2", "127.0.0.1")
        ]


def test_each_address_of_a_name_is_tried_and_each_turn_begins_with_another(server: Scripted) -> None:
    asking = Asking(lane(server.url("/good", host="api.lab")), 1, Token(None))
    with asyncio.Runner(loop_factory=TwoAddresses) as runner:
        samples = [runner.run(asking.ask(slot, clock.now())) for slot in range(3)]
    assert [(sample.result, sample.address) for sample in samples] == [(Result.OK, "127.0.0.1")] * 3
    dead = "127.0.0.2: connect: Connection refused"
    assert [sample.text for sample in samples] == [dead, "", dead]


def test_a_name_none_of_whose_addresses_answers_fails_as_the_last_of_them(server: Scripted) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    asking = Asking(lane(f"http://api.lab:{port}/"), 1, Token(None))
    with asyncio.Runner(loop_factory=TwoAddresses) as runner:
        sample = runner.run(asking.ask(0, clock.now()))
    assert (sample.result, sample.text) == (Result.REFUSED, "connect: Connection refused")


def test_ipv6() -> None:
    with scripted(ANSWERS, host="::1") as server:
        (sample,) = ask(lane(server.url("/good", host="[::1]")))
    assert (sample.result, sample.address) == (Result.OK, "::1")


def test_a_certificate_that_nobody_trusts(server: Scripted, tmp_path: Path) -> None:
    trusted, other = certificate(tmp_path, "trusted"), certificate(tmp_path, "other")
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(trusted, trusted.with_suffix(".key"))
    with scripted(ANSWERS, tls=serving) as server:
        url = lane(server.url("/good", scheme="https"))
        (good,) = ask(url, tls=ssl.create_default_context(cafile=str(trusted)))
        (bad,) = ask(url, tls=ssl.create_default_context(cafile=str(other)))
    assert (good.result, bad.result) == (Result.OK, Result.TLS)


def test_connections_are_reused_where_the_server_lets_us(server: Scripted) -> None:
    reused = ask(lane(server.url("/good"), connection="reused"), times=4)
    assert [sample.fresh for sample in reused] == [True, False, False, False]
    assert server.connections == 1
    closed = ask(lane(server.url("/last"), connection="reused"), times=3)
    assert [(sample.fresh, sample.result) for sample in closed] == [(True, Result.OK)] * 3
    new = ask(lane(server.url("/good")), times=3)
    assert server.connections == 1 + 3 + len(new)


def test_a_connection_that_the_server_has_closed_meanwhile_is_not_tried(server: Scripted) -> None:
    async def asked() -> list[Sample]:
        asking = Asking(lane(server.url("/good!"), connection="reused"), 1, Token(None))
        first = await asking.ask(0, clock.now())
        deadline = time.monotonic() + 5
        while asking.has_idle and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        return [first, await asking.ask(1, clock.now())]

    assert [(sample.fresh, sample.result) for sample in asyncio.run(asked())] == [(True, Result.OK)] * 2


@pytest.mark.parametrize(("left", "result"), [(-3600, Result.EXPIRED), (3600, Result.UNAUTHORIZED)])
def test_401_is_the_fault_of_the_service_only_if_the_token_is_good(
    server: Scripted, left: float, result: Result
) -> None:
    token = Token(None, value="gAAAA", expires=time.time() + left)
    (sample,) = ask(lane(server.url("/401"), token=True), token=token)
    assert (sample.result, sample.result.failed) == (result, result is Result.UNAUTHORIZED)


def test_a_token_is_had_from_memory_and_again_when_it_was_not_taken() -> None:
    with scripted({"/v3/auth/tokens": LOGIN, "/401": ANSWERS["/401"]}) as server:
        token = Token(Credentials(server.url("/v3/auth/tokens"), {"auth": {"canary": "77e0"}}))

        async def life() -> None:
            await token.renew()
            keeping = asyncio.create_task(token.keep())
            await Asking(lane(server.url("/401"), token=True), 1, token).ask(0, clock.now())
            async with asyncio.timeout(10):
                while server.asked["/v3/auth/tokens"] < 2:
                    await asyncio.sleep(0.05)
            keeping.cancel()

        asyncio.run(life())
    assert token.value == "gAAAA"
    assert b'"canary": "77e0"' in server.heads[0]
    assert "gAAAA" not in repr(token)
    assert "77e0" not in repr(token)


def certificate(folder: Path, name: str) -> Path:
    file = folder / f"{name}.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}", "-addext",
         "subjectAltName=IP:127.0.0.1", "-keyout", str(file.with_suffix(".key")), "-out", str(file)],
        check=True, capture_output=True,
    )  # fmt: skip
    return file
