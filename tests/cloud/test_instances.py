"""The APIs behind HAProxy: taken out of its rotation and put back, counted, and written down request by request."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from devcloud.cloud import Cloud
from devcloud.measure.metrics import SCHEMA, metrics
from devcloud.measure.request import Request, requests
from devcloud.state import State
from pytest_whitebox.core.hosts import Host, Hosts
from pytest_whitebox.core.wait import wait_for
from tests.cloud.devcloud import Devcloud
from tests.cloud.load import Answer, Probe, probes, under_load

#: The one that starts soonest.
API, BACKEND = "placement-api", "placement"


@pytest.fixture
def devcloud(state: State) -> Devcloud:
    return Devcloud(state.path)


@pytest.fixture
def admin(connect: Callable[[str], Any]) -> Any:
    return connect("devcloud")


@pytest.fixture
def probe(admin: Any) -> Probe:
    """A read of Placement with an id of its own."""
    read = probes(admin)[API]
    return replace(read, headers={**read.headers, "X-Openstack-Request-Id": f"req-{uuid.uuid4()}"})


@pytest.fixture
def in_rotation(devcloud: Devcloud) -> Iterator[None]:
    yield
    devcloud("ready", API)


@pytest.fixture
def controller(admin: Any, state: State) -> Iterator[Host]:
    with Hosts.discover(admin, ssh_config=state.ssh_config) as hosts:
        yield hosts["controller"]


def _logged(state: State, probe: Probe) -> list[Request]:
    """What HAProxy wrote of the probe's requests."""
    log = Path(state.hosts / "controller/upper/var/log/haproxy/haproxy.log")
    with log.open() as lines:
        return [seen for seen in requests(lines) if seen.asked == probe.headers["X-Openstack-Request-Id"]]


def _first_logged(state: State, probe: Probe) -> Request:
    seen = wait_for(lambda: _logged(state, probe), timeout=10, what="the request in HAProxy's log")
    assert len(seen) == 1
    return seen[0]


def test_log_has_each_request_with_the_id_that_the_service_gave_it(state: State, probe: Probe) -> None:
    answer = probe()
    seen = _first_logged(state, probe)
    assert (answer.status, seen.status, seen.answered) == (200, 200, answer.request_id)
    assert (seen.api, seen.method, seen.path) == (BACKEND, "GET", "/resource_providers")
    assert seen.instance in ("a", "b")
    assert 0 < seen.timers.answered <= seen.timers.total


def test_log_has_no_token_and_no_query(state: State, probe: Probe, admin: Any) -> None:
    secret = str(uuid.uuid4())
    shown = replace(probes(admin)["nova-api"], headers=probe.headers)
    replace(shown, url=shown.url.replace("/servers", f"/os-console-auth-tokens/{secret}?sig={secret}"))()
    assert _first_logged(state, probe).path.endswith("/os-console-auth-tokens/***")
    assert secret.encode() not in (state.hosts / "controller/upper/var/log/haproxy/haproxy.log").read_bytes()


@pytest.mark.usefixtures("in_rotation")
def test_what_is_drained_gets_nothing_and_status_says_so(devcloud: Devcloud, state: State, probe: Probe) -> None:
    assert "nothing serves placement now" in devcloud("drain", API).stdout
    assert probe() == Answer(503)
    seen = _first_logged(state, probe)
    assert (seen.status, seen.instance, seen.ended) == (503, "", "SC")
    assert any(problem.startswith(f"{API} on controller is given no requests") for problem in devcloud.problems())
    devcloud("ready", API)
    assert probe().ok
    assert devcloud.problems() == []


def test_restart_of_one_instance_after_the_other_costs_no_request(
    devcloud: Devcloud, state: State, probe: Probe
) -> None:
    if state.settings().workers < 2:
        pytest.skip("each API has one instance: `devcloud up --workers 2`")
    with under_load(probe) as answers:
        devcloud("restart", API)
    assert len(answers) > 20
    assert [answer for answer in answers if not answer.ok] == []
    assert {seen.instance for seen in _logged(state, probe)} == {"a", "b"}


def test_changed_configuration_reaches_every_instance(state: State, controller: Host) -> None:
    service = controller.service(API)
    before = [one.main for one in service.instances]
    assert len(before) == state.settings().workers
    with service.set_config({("DEFAULT", "debug"): "true"}):
        during = [one.main for one in service.instances]
        assert not set(before) & set(during)
    assert not {one.main for one in service.instances} & {*before, *during}


def test_metrics_count_requests_and_memory(state: State, probe: Probe) -> None:
    cloud = Cloud(state, state.settings())
    before = next(one for one in metrics(cloud).traffic if one.api == BACKEND)
    assert probe().ok
    _first_logged(state, probe)
    seen = metrics(cloud)
    after = next(one for one in seen.traffic if one.api == BACKEND)
    assert after.requests > before.requests
    assert 0 < after.p50 <= after.p90 <= after.p99 <= after.longest
    used = {one.service: one for one in seen.services}
    assert used[API].processes == 2
    assert 50 << 20 < used[API].pss < used[API].rss < 1 << 30
    assert {service.name for _, service in cloud.placements()} <= set(used)


def test_metrics_are_written_to_a_file_or_refused(devcloud: Devcloud, tmp_path: Path) -> None:
    said = devcloud("metrics", "--output", str(tmp_path / "metrics.json")).stdout
    written = json.loads((tmp_path / "metrics.json").read_text())
    assert written["schema"] == SCHEMA
    assert all(word in said for word in ("PSS MiB", BACKEND, API))
    assert {one["api"] for one in written["requests"]} >= {BACKEND}
    assert sum(one["pss"] for one in written["processes"]) == sum(one["pss"] for one in written["services"]) > 1 << 30
    refused = devcloud("metrics", "--output", str(tmp_path / "none/metrics.json"), check=False)
    assert refused.stderr.startswith(f"devcloud: cannot write {tmp_path}/none/metrics.json: ")
