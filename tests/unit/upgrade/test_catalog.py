"""What each service is asked, by the endpoint that its catalog has."""

from __future__ import annotations

import json

import pytest

from pytest_upgrade.observers import catalog, clock
from pytest_upgrade.observers.assignment import Assignment
from pytest_upgrade.observers.lane import Lane
from pytest_upgrade.observers.left_out import LeftOut
from pytest_upgrade.observers.login import Credentials
from pytest_upgrade.observers.observing import beginnings

#: Endpoints as devcloud, DevStack and others have them.
ENDPOINTS = {
    ("identity", "http://10.0.0.1:5000/v3"): ("http://10.0.0.1:5000/v3", "http://10.0.0.1:5000/v3/auth/projects"),
    ("identity", "http://10.0.0.1/identity"): ("http://10.0.0.1/identity/v3", "http://10.0.0.1/identity/v3/auth/projects"),
    ("compute", "http://a/compute/v2.1"): ("http://a/compute/", "http://a/compute/v2.1/servers?limit=1"),
    ("block-storage", "http://a:8776/v3/1f"): ("http://a:8776/", "http://a:8776/v3/1f/volumes?limit=1"),
    ("image", "http://a:9292"): ("http://a:9292/versions", "http://a:9292/v2/images?limit=1"),
    ("network", "http://[::1]:9696"): ("http://[::1]:9696/", "http://[::1]:9696/v2.0/networks?limit=1"),
    ("object-store", "http://a:8080/v1/AUTH_1"): ("http://a:8080/info", "http://a:8080/v1/AUTH_1"),
    ("placement", "http://a/placement"): ("http://a/placement/", None),
}  # fmt: skip


@pytest.mark.parametrize(("service", "url"), ENDPOINTS)
def test_a_service_is_asked_without_and_with_a_token_over_new_and_reused_connections(service: str, url: str) -> None:
    lanes = catalog.lanes(service, url)
    anybody, users = ENDPOINTS[service, url]
    wanted = [(anybody, False, connection) for connection in ("new", "reused")]
    wanted += [(users, True, connection) for connection in ("new", "reused")] if users else []
    assert [(lane.url, lane.token, lane.connection) for lane in lanes] == wanted
    assert {lane.period for lane in lanes if not lane.token} == {0.2}


def test_a_service_that_is_not_known_has_no_lanes() -> None:
    assert catalog.lanes("dns", "http://a:9001") == []


def test_all_seven_services_are_asked_about_eighty_times_a_second() -> None:
    urls = dict(ENDPOINTS.keys())
    lanes = [lane for service, url in urls.items() for lane in catalog.lanes(service, url)] + [
        catalog.login("http://a/")
    ]
    assert 75 < sum(1 / lane.period for lane in lanes) < 90
    assert len({lane.name for lane in lanes}) == len(lanes)


def test_no_two_lanes_of_a_period_are_due_at_once() -> None:
    lanes = [lane for service, url in ENDPOINTS for lane in catalog.lanes(service, url)]
    cheap = [begin for lane, begin in zip(lanes, beginnings(lanes, 0), strict=True) if lane.period == 0.2]
    assert len(set(cheap)) == len(cheap)
    assert max(cheap) < 0.2 * clock.SECOND


def test_an_assignment_goes_through_a_pipe_and_tells_its_secret_to_nobody(tmp_path: object) -> None:
    lane = Lane("compute", "GET", "/", "http://[::1]:8774/", "new", 0.2, statuses=(200, 300))
    login, left_out = Credentials("http://a/v3/auth/tokens", {"auth": "secret-77e0"}), (LeftOut(lane, "404"),)
    given = Assignment(tmp_path, (lane,), login, 60.0, left_out=left_out)  # type: ignore[arg-type]
    assert Assignment.from_json(given.to_json()) == given
    assert "77e0" not in repr(given)
    assert json.loads(given.to_json())["login"]["body"] == {"auth": "secret-77e0"}
    assert (lane.host, lane.port, lane.authority) == ("::1", 8774, "[::1]:8774")
