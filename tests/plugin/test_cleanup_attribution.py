"""Each request that changes the cloud is written down with the test that sent it."""

from __future__ import annotations

import pytest

from pytest_cleanup.attribution.act import Act
from pytest_cleanup.attribution.chronicle import read

from .cloud_on_loopback import Cloud
from .conftest import Run

OWN_CONNECTION = """
import pathlib
import openstack

def test_makes(request):
    worker = getattr(request.config, "workerinput", {"workerid": ""})
    pathlib.Path("worker").write_text(worker["workerid"])
    openstack.connect(cloud="lab").compute.create_flavor(name="mine", ram=64, vcpus=1, disk=1)
"""


def acts(pytester: pytest.Pytester) -> list[Act]:
    """What the last run wrote down."""
    return list(read(pytester.path / ".stackproof" / "runs" / "latest"))


def test_own_connection(pytester: pytest.Pytester, run_apart: Run, workers: str, cloud_on_loopback: Cloud) -> None:
    pytester.makepyfile(OWN_CONNECTION)
    run_apart("--os-cloud", "lab", "--cleanup-leaks=warn", workers).assert_outcomes(passed=1)

    began, made, ended = acts(pytester)
    assert (began.verb, made.verb, ended.verb) == ("began", "made", "ended")
    assert (made.kind, made.name, made.phase) == ("flavor", "mine", "call")
    assert made.nodeid == "test_own_connection.py::test_makes"
    # Which of two workers gets the only test is up to them; the test itself has told.
    assert made.worker == (pytester.path / "worker").read_text()
    assert bool(made.worker) == (workers != "-n0")
    assert made.test_id in cloud_on_loopback.ids


def test_run_that_others_clean_up_after_only_writes_down(
    pytester: pytest.Pytester, run_apart: Run, workers: str, cloud_on_loopback: Cloud
) -> None:
    pytester.makepyfile(OWN_CONNECTION)
    result = run_apart("-p", "pytest_cleanup.noting", "--os-cloud", "lab", workers)
    result.assert_outcomes(passed=1)
    made = [act for act in acts(pytester) if act.verb == "made"]
    assert [(act.kind, act.name, act.test_id) for act in made] == [("flavor", "mine", *cloud_on_loopback.ids)]
    assert not (pytester.path / ".stackproof" / "runs" / "latest" / "snapshot.json").exists()
    assert "cleanup:" not in result.stdout.str()
