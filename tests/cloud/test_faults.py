"""Faults on purpose, on the real cloud: a few quick ones, each broken, seen, named by status, mended."""

from __future__ import annotations

import pytest

from devcloud.cloud import Cloud
from devcloud.faults.registry import FAULTS
from devcloud.faults.site import Site
from devcloud.journal import Journal
from devcloud.state import State
from pytest_whitebox.core.wait import wait_for
from tests.cloud.devcloud import Devcloud

#: Each with the daemons that status must name, and no other.
_QUICK = {
    "api-503": ["nova-api on controller is given no requests by haproxy, which calls it MAINT"],
    "database-read-only": ["mariadb on controller takes no writes"],
    "northd-paused": ["ovn-northd on controller"],
    "port-on-dead-host": [],
}


@pytest.fixture
def site(state: State) -> Site:
    return Site(Cloud(state, state.settings()))


@pytest.mark.parametrize("name", _QUICK)
def test_a_fault_is_seen_named_and_mended(name: str, site: Site) -> None:
    devcloud, fault = Devcloud(site.cloud.state.path), FAULTS[name]
    notes = Journal.of(site.cloud.state).notes(name)
    assert devcloud("break", name).stdout.startswith(f"broken:  {fault.summary}\n")
    try:
        assert wait_for(lambda: fault.visible(site, notes), timeout=30, every=0.5, what=f"{name} to be seen")
        seen = devcloud.status()
        assert seen["faults"] == [name]
        problems = [f"{s['service']} on {s['host']} {s['problem']}" for s in seen["services"] if s["problem"]]
        assert len(problems) == len(_QUICK[name]), problems
        assert all(problem.startswith(start) for problem, start in zip(problems, _QUICK[name], strict=True))
        assert "is broken already" in devcloud("break", name, check=False).stderr
    finally:
        said = devcloud("mend").stdout
    assert said == f"mended {name}\n"
    assert devcloud.status()["well"]
    assert devcloud.status()["faults"] == []
    assert not (list(site.admin.network.ports(name=fault.target)) if fault.lasts else fault.visible(site, notes))


def test_up_does_not_repair_by_halves_what_is_broken_on_purpose(site: Site) -> None:
    devcloud = Devcloud(site.cloud.state.path)
    devcloud("break", "cache-down")
    try:
        refused = devcloud("up", check=False)
        assert refused.rc == 1
        assert "broken on purpose: cache-down; `devcloud mend` first" in refused.stderr
    finally:
        devcloud("mend")
