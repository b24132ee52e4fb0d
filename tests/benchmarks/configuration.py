"""What another option for nova-compute costs: by our transaction, and by waiting until Nova notices."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from openstack.config import OpenStackConfig
from openstack.connection import Connection

from pytest_whitebox.core.configuration import edited
from pytest_whitebox.core.hosts import Host, Hosts
from pytest_whitebox.core.wait import wait_for
from tests.benchmarks.figure import Figure

_SERVICE = "nova-compute"
_CHANGES = {("DEFAULT", "reserved_host_memory_mb"): "640"}
#: Nova takes a service for down that has not reported for 60 s.
_DOWN = 180
_RUNS = 3
_LIMIT = 20


def figures(state: Path) -> Iterator[Figure]:
    """The cloud in ``state`` must be up; an edit, a restart, a restore and a restart are one measurement."""
    config = OpenStackConfig(config_files=[str(state / "clouds.yaml")])
    admin: Any = Connection(config=config.get_one(cloud="devcloud"))
    with Hosts.discover(admin, ssh_config=state / "ssh_config") as hosts:
        host = hosts.computes[0]
        pairs = [(_taken(lambda: _ours(host)), _taken(lambda: _waiting(admin, host))) for _ in range(_RUNS)]
    ours, theirs = zip(*pairs, strict=True)
    share = tuple(100 * mine / other for mine, other in pairs)
    yield Figure("set_config of nova-compute and its restore", "s", ours, note="each restart proven by a fresh report")
    note = "service_down_time of 60 s, as whitebox-tempest-plugin does"
    yield Figure("the same, waiting until Nova sees it down, then up", "s", theirs, note=note)
    yield Figure("set_config, of the time of waiting", "%", share, _LIMIT, "at least 5 times faster")


def _taken(action: Callable[[], None]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def _ours(host: Host) -> None:
    with host.service(_SERVICE).set_config(_CHANGES):
        pass


def _waiting(admin: Any, host: Host) -> None:
    """Edit, stop, wait until down, start, wait until up; then the same with the original."""
    facts = host.service(_SERVICE).facts
    original = host.transport.read(facts.config_target)
    try:
        for data in (edited(original, _CHANGES), original):
            host.transport.write(facts.config_target, data)
            facts.supervisor.stop(host.transport, facts.unit)
            _wait_for_state(admin, host.name, "down")
            facts.supervisor.start(host.transport, facts.unit)
            _wait_for_state(admin, host.name, "up")
    finally:
        host.transport.write(facts.config_target, original)
        facts.supervisor.start(host.transport, facts.unit)


def _wait_for_state(admin: Any, host: str, state: str) -> None:
    wait_for(
        lambda: [one.state for one in admin.compute.services(binary=_SERVICE, host=host)] == [state],
        timeout=_DOWN, every=1, what=f"Nova to see {host} {state}",
    )  # fmt: skip
