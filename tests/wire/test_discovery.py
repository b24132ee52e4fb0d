"""What of a cloud is observed: its catalog says so, each lane is tried once, and the observer logs in by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_upgrade.observers import admission, discovery, outside
from pytest_upgrade.observers.assignment import Assignment
from pytest_upgrade.observers.cycle import Pace
from pytest_upgrade.observers.result import Result
from pytest_upgrade.verdicts.samples import Samples
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.wait import wait_for
from tests.doubles.openstack import CORE, Openstack, connected, serve
from tests.doubles.scripted import response, scripted
from tests.doubles.serving import nobody


@pytest.fixture
def cloud() -> Openstack:
    return Openstack(services={**CORE, "image": "v2", "network": "v2.0"})


@pytest.fixture
def connection(cloud: Openstack) -> Iterator[Any]:
    with serve(cloud) as url, connected(url) as connection:
        yield connection


def test_lanes_follow_the_catalog_and_what_is_not_answered_as_it_should_be_is_left_out(
    connection: Any, tmp_path: Path
) -> None:
    with nobody() as port:
        found = discovery.discover(connection, tmp_path, longest=60, control=f"127.0.0.1:{port}")
    names = {lane.name for lane in found.lanes}
    assert {"GET identity /v3 (new)", "GET compute /servers (reused)", "GET block-storage /volumes (new)"} <= names
    assert {"POST identity /auth/tokens (new)", f"CONNECT control 127.0.0.1:{port} (new)"} <= names
    assert "GET block-storage / (new): 200 instead of 300" in map(str, found.left_out)
    assert not any(name.startswith("GET block-storage / ") for name in names)
    only = discovery.discover(connection, tmp_path, longest=60, services=["compute"])
    assert {lane.service for lane in only.lanes} == {"compute"}


def test_a_service_that_is_away_is_observed_all_the_same(connection: Any, cloud: Openstack, tmp_path: Path) -> None:
    connection.session.get_token()
    cloud.fail = lambda method, service, path: 503 if service == "compute" else 0
    found = discovery.discover(connection, tmp_path, longest=60)
    assert "GET compute /servers (new)" in {lane.name for lane in found.lanes}


def test_what_may_be_written_is_tried_and_what_a_quota_refuses_is_left_out_with_its_words(
    connection: Any, cloud: Openstack, tmp_path: Path
) -> None:
    cloud.fail = lambda method, service, path: 413 if (method, path) == ("POST", "volumes") else 0
    cloud.words = "VolumeLimitExceeded: Maximum number of volumes allowed (10) exceeded"
    found = discovery.discover(connection, tmp_path, longest=60, prefix="pu-3f9a1c")
    writes = {lane.operation for lane in found.lanes if lane.canary}
    assert writes == {
        "POST compute /os-keypairs", "POST identity /users/USER/application_credentials", "POST image /images",
        "POST network /networks",
    }  # fmt: skip
    assert f"POST block-storage /volumes (new): 413 instead of 202: {cloud.words}" in map(str, found.left_out)
    assert found.prefix == "pu-3f9a1c"
    (user,) = [lane.url for lane in found.lanes if lane.canary and lane.service == "identity"]
    assert user.endswith("/users/admin-user/application_credentials")
    assert len(cloud.deleted) == len(writes)
    assert not cloud.of("network", "networks")


def test_a_server_is_written_where_there_is_an_image_and_a_flavor_for_it(
    connection: Any, cloud: Openstack, tmp_path: Path
) -> None:
    def found() -> Assignment:
        return discovery.discover(connection, tmp_path, longest=60, services=["compute"], prefix="pu-3f9a1c")

    without = "POST compute /servers (new): "
    assert f"{without}the cloud has no public image that a guest could boot from" in map(str, found().left_out)
    cloud.put(
        "image", "images", id="i1", name="small", visibility="public", disk_format="qcow2", min_disk=1, min_ram=64
    )
    cloud.put("compute", "flavors", id="f0", name="too small", vcpus=1, ram=32, disk=1)
    assert f"{without}no public flavor has 1 vCPUs and fits the image small" in map(str, found().left_out)
    cloud.put("compute", "flavors", id="f2", name="large", vcpus=1, ram=4096, disk=40)
    cloud.put("compute", "flavors", id="f1", name="small", vcpus=1, ram=64, disk=1)
    (lane,) = [lane for lane in found().lanes if lane.operation == "POST compute /servers"]
    assert '"imageRef": "i1", "flavorRef": "f1"' in lane.body
    # It was tried once, and is gone.
    assert len(cloud.deleted) == 4
    assert not cloud.of("compute", "servers")


def test_what_does_not_go_away_again_is_left_out(
    connection: Any, cloud: Openstack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "PATIENT", Pace(settled=0.5, budget=1.0))
    cloud.mishap = lambda method, service, path: "forgotten" if method == "POST" and service == "network" else ""
    found = discovery.discover(connection, tmp_path, longest=60, services=["network"], prefix="pu-3f9a1c")
    assert str(found.left_out[-1]) == (
        "POST network /networks (new): what it makes does not come and go as it should: vanished"
    )


def test_without_a_prefix_nothing_is_written(connection: Any, cloud: Openstack, tmp_path: Path) -> None:
    found = discovery.discover(connection, tmp_path, longest=60)
    assert not any(lane.canary for lane in found.lanes)
    assert not [path for method, service, path in cloud.asked if method in ("PUT", "DELETE")]


def test_a_cloud_that_has_nothing_of_it_is_refused(connection: Any, tmp_path: Path) -> None:
    with pytest.raises(StackproofError, match="there is nothing to observe"):
        discovery.discover(connection, tmp_path, longest=60, services=["dns"])


def test_the_observer_logs_in_with_what_the_discovery_found(connection: Any, tmp_path: Path) -> None:
    outside.start(discovery.discover(connection, tmp_path, longest=60))
    samples = Samples(tmp_path)
    try:
        wait_for(
            lambda: min((len(one) for one in samples.series()), default=0) >= 2, timeout=60, what="each lane twice"
        )
    finally:
        outside.stop(tmp_path)
    by_lane = {one.lane.name: {seen.result.word for seen in one} for one in samples.series()}
    assert by_lane["POST identity /auth/tokens (new)"] == {"ok"}
    assert by_lane["GET compute /servers (new)"] == {"ok"}
    # What it does not ask lies beside what it has seen.
    assert "GET block-storage / (new): 200 instead of 300" in map(str, samples.left_out())


def test_a_service_that_moves_is_refused_where_it_was_and_found_where_the_catalog_has_it(
    cloud: Openstack, tmp_path: Path
) -> None:
    """An observer keeps to the addresses that it has begun with; the next one follows the catalog."""
    answers = {
        "/": response(200, b'{"versions": []}'), "/v2.1/servers?limit=1": response(200, b'{"servers": []}'),
    }  # fmt: skip

    def last() -> list[Result]:
        latest = [one.seen for one in Samples(tmp_path).latest(1) if one.lane.connection == "new"]
        return [seen[0].result if seen else Result.BROKEN for seen in latest]

    def begin() -> None:
        with connected(url) as connection:
            outside.start(discovery.discover(connection, tmp_path, longest=60, services=["compute"]))
        wait_for(lambda: last() == [Result.OK] * 2, timeout=60, what="good answers")

    with serve(cloud) as url, scripted(answers) as new:
        with scripted(answers) as old:
            cloud.elsewhere["compute"] = old.url("/v2.1")
            begin()
        cloud.elsewhere["compute"] = new.url("/v2.1")
        try:
            wait_for(lambda: last() == [Result.REFUSED] * 2, timeout=60, what="nobody to listen")
            assert not new.asked
            outside.stop(tmp_path)
            begin()
            assert new.asked["/v2.1/servers?limit=1"]
        finally:
            outside.stop(tmp_path)


@pytest.mark.parametrize(
    ("given", "identity"),
    [
        (
            {"username": "u", "password": "p", "user_domain_name": "d", "project_id": "1"},
            {"methods": ["password"], "password": {"user": {"name": "u", "domain": {"name": "d"}, "password": "p"}}},
        ),
        (
            {"application_credential_id": "a", "application_credential_secret": "s"},
            {"methods": ["application_credential"], "application_credential": {"id": "a", "secret": "s"}},
        ),
    ],
)
def test_each_way_to_log_in_is_what_keystone_takes(given: dict[str, str], identity: dict[str, Any]) -> None:
    assert discovery.login_of(given)["auth"]["identity"] == identity


def test_a_token_alone_cannot_log_in_again() -> None:
    with pytest.raises(StackproofError, match="an observer must be able to log in again"):
        discovery.login_of({"token": "gAAAA"})
