"""Both plugins at work: no mode of the cleanup takes what an upgrade holds that is not over."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from pytest_upgrade.configured.places import FOLDER, Places
from pytest_upgrade.store import Store
from pytest_upgrade.store.values import Run as UpgradeRun

from .cloud_on_loopback import Cloud
from .conftest import Run

ROLLING = """
import openstack
import pytest
from pytest_upgrade.phases.session import session_key

@pytest.mark.rolling
def test_rolls(request):
    held = f"{request.config.stash[session_key].run.prefix}-flavor-web"
    for name in (held, "left"):
        openstack.connect(cloud="lab").compute.create_flavor(name=name, ram=64, vcpus=1, disk=1)
"""
MODES = {
    "run": ("--cleanup=preserve",),
    "cloud": ("--cleanup=preserve", "--cleanup-scope=cloud"),
    "all": ("--cleanup=all", "--cleanup-yes-delete-everything"),
}


def names(cloud: Cloud) -> set[str]:
    return {flavor["name"] for flavor in cloud.flavors.values()}


def upgrade(pytester: pytest.Pytester, closed: float | None = None) -> UpgradeRun:
    """The upgrade of the project; closed, if a time is given."""
    with Store.open(Places(pytester.path / FOLDER).url) as store:
        (run,) = store.runs()
        if closed is not None:
            store.set_run(run.id, closed=closed)
    return run


@pytest.mark.parametrize("mode", MODES)
def test_what_an_open_upgrade_holds_stays_until_it_is_closed(
    pytester: pytest.Pytester, run_apart: Run, workers: str, cloud_on_loopback: Cloud, mode: str
) -> None:
    pytester.makepyfile(ROLLING)
    result = run_apart("--os-cloud", "lab", "--phase=pre", *MODES[mode], workers)

    run = upgrade(pytester)
    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.OK
    why = f"upgrade run {run.id} is open, until `pytest-upgrade sweep {run.id}`"
    result.stdout.fnmatch_lines([f"kept: flavor '{run.prefix}-flavor-web' (*): {why}", "1 of 1 thing removed in *"])
    assert names(cloud_on_loopback) == {f"{run.prefix}-flavor-web"}

    upgrade(pytester, closed=time.time())
    (first,) = [file for file in Path(".stackproof/runs").glob("*-*/snapshot.json") if "latest" not in file.parts]
    pytester.makepyfile("def test_nothing(): pass")
    back = ("--cleanup-snapshot", str(first)) if mode != "all" else ()
    scope = ("--cleanup-scope=cloud",) if mode == "run" else ()
    result = run_apart("--os-cloud", "lab", *MODES[mode], *scope, *back, workers)
    assert result.ret == pytest.ExitCode.OK
    assert names(cloud_on_loopback) == set()


def test_keeper_that_cannot_be_asked_refuses_everything(
    pytester: pytest.Pytester, run_apart: Run, workers: str, cloud_on_loopback: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UPGRADE_STORE", "sqlite:////proc/none/store.sqlite")
    pytester.makepyfile(
        "import openstack\n"
        "def test_it(): openstack.connect(cloud='lab').compute.create_flavor(name='left', ram=64, vcpus=1, disk=1)"
    )
    result = run_apart("--os-cloud", "lab", "--cleanup=preserve", workers)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines("upgrades, which keeps resources, cannot be asked: *; nothing was deleted")
    assert names(cloud_on_loopback) == {"left"}
