"""HAProxy's log, line by line: recorded ones are read as what they say."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from devcloud.measure.request import Request, Timers, requests
from devcloud.measure.traffic import Traffic, traffic

RECORDED = Path(__file__).with_name("data") / "haproxy.log"


@pytest.fixture
def recorded() -> list[Request]:
    return list(requests(RECORDED.read_text().splitlines()))


def test_a_request_that_was_answered(recorded: list[Request]) -> None:
    assert recorded[0] == Request(
        began=datetime(2026, 11, 21, 11, 8, 55, 606000, UTC),
        client="10.213.79.21:37714",
        api="placement",
        instance="a",
        ended="--",
        status=200,
        timers=Timers(received=0, queued=0, connected=0, answered=8, total=8),
        size=254,
        retries=0,
        redispatched=False,
        answered="req-fc18eca8-9249-41d1-9017-98d0ecc84c04",
        asked="req-c5645263-89f0-4997-935c-d0a16da898d8",
        method="GET",
        path="/resource_providers/10eec0fa-aca8-44f1-b7f4-30f95dec03b5/allocations",
    )
    assert [one.instance for one in recorded[:2]] == ["a", "b"]


def test_a_line_about_a_server_is_no_request() -> None:
    line = RECORDED.read_text().splitlines()[0]
    assert "Server keystone/b is UP" in line
    assert Request.from_line(line) is None


def test_a_request_that_nobody_could_answer() -> None:
    line = (
        "2026-11-21T11:17:52.018+00:00 [21/Nov/2026:11:17:50.018] 10.213.79.1:41096 placement <NOSRV> SC 503"
        " 0/2000/-1/-1/2000 221 0 - req-a__b_c GET /resource_providers"
    )
    seen = Request.from_line(line)
    assert seen is not None
    assert (seen.instance, seen.ended, seen.status, seen.answered, seen.asked) == ("", "SC", 503, "", "req-a__b_c")
    assert seen.timers == Timers(received=0, queued=2000, connected=-1, answered=-1, total=2000)


def test_a_request_that_was_sent_to_another_instance() -> None:
    line = RECORDED.read_text().splitlines()[1].replace(" 254 0 ", " 254 +2 ")
    seen = Request.from_line(line)
    assert seen is not None
    assert (seen.retries, seen.redispatched) == (2, True)


def test_requests_are_counted_by_api(recorded: list[Request]) -> None:
    assert len(recorded) == 2
    assert traffic(recorded) == [
        Traffic(
            "placement",
            requests=2,
            statuses={"2xx": 2},
            instances={"a": 1, "b": 1},
            retried=0,
            p50=8,
            p90=8,
            p99=8,
            longest=8,
        )
    ]
