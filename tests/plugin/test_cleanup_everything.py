"""`--cleanup=all` with its second word: a cloud of many projects is emptied, but for what it consists of."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.doubles.openstack import Openstack, environment, serve
from tests.wire.cleanup.scene import furnished, network, server, volume

from .conftest import Run

#: What neither the run nor anybody else can do without.
STAYS = {"admin-project", "admin-user", "admin", "default", "service-project", "nova", "nova-in-service", "builtin"}


@pytest.fixture
def cloud() -> Openstack:
    """A cloud that somebody has used for a while."""
    cloud = furnished()
    cloud.put("identity", "domains", id="default", name="Default", enabled=True)
    cloud.put("identity", "roles", id="admin", name="admin")
    cloud.put("identity", "projects", id="service-project", name="service", domain_id="default")
    cloud.put("identity", "users", id="nova", name="nova", domain_id="default")
    ends = {"user": {"id": "nova"}, "role": {"id": "admin"}, "scope": {"project": {"id": "service-project"}}}
    cloud.put("identity", "role_assignments", id="nova-in-service", **ends)
    cloud.put("block-storage", "types", id="builtin", name="__DEFAULT__", extra_specs={}, is_public=True)
    cloud.put("block-storage", "types", id="gold", name="gold", extra_specs={}, is_public=True)
    cloud.put("compute", "flavors", id="small", name="small", **{"os-flavor-access:is_public": True})
    cloud.put("compute", "os-aggregates", id="zone", name="zone", hosts=[], metadata={}, availability_zone="zone")
    for word in ("alpha", "beta"):
        cloud.put("identity", "projects", id=word, name=word, domain_id="default")
        cloud.put("identity", "users", id=f"{word}-user", name=f"{word}-user", domain_id="default")
    network(cloud, "old")
    volume(cloud, "theirs", project="beta", volume_type="gold")
    volume(cloud, "root", project="alpha", status="in-use")
    server(cloud, "web", {"root": True})
    return cloud


@pytest.fixture
def lab(cloud: Openstack, pytester: pytest.Pytester, run: Run) -> Iterator[Run]:
    """``lab(*words)``: a run against it, in a process of its own."""
    with serve(cloud) as url:
        told = {name.removeprefix("OS_").lower(): value for name, value in environment(url).items()}
        region, _ = told.pop("region_name"), told.pop("identity_api_version")
        entry = {"clouds": {"lab": {"region_name": region, "auth": told}}}
        (pytester.path / "clouds.yaml").write_text(json.dumps(entry))
        pytester.makepyfile("def test_it(): pass")
        yield lambda *words: pytester.runpytest_subprocess("--os-cloud", "lab", *words)


def test_everything_goes_but_what_the_cloud_consists_of(lab: Run, cloud: Openstack, workers: str) -> None:
    count = len(cloud.ids() - STAYS)
    result = lab("--cleanup=all", "--cleanup-yes-delete-everything", workers)

    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines([
        f"cleanup: everything is removed, {count} things; 0 are kept",
        f"{count} of {count} things removed in * s with * requests; the cloud is clean",
    ])  # fmt: skip
    assert cloud.ids() == STAYS


def test_first_word_alone_deletes_nothing(lab: Run, cloud: Openstack, workers: str) -> None:
    there = cloud.ids()
    result = lab("--cleanup=all", workers)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        "ERROR: --cleanup=all (from --cleanup) deletes everything*--cleanup-yes-delete-everything*"
    )
    assert (cloud.ids(), cloud.calls["DELETE"]) == (there, 0)


def test_what_does_not_go_is_told_and_fails_the_run(lab: Run, cloud: Openstack, workers: str) -> None:
    cloud.of("compute", "flavors")["small"]["protected"] = True
    result = lab("--cleanup=all", "--cleanup-yes-delete-everything", workers)

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([
        "flavor 'small' (small) stays: compute DELETE /flavors/small answered 403: small is protected*",
        "* of * things removed in * s with * requests; the cloud is NOT clean",
    ])  # fmt: skip
    assert cloud.ids() == STAYS | {"small"}
