"""What becomes of what a run leaves, by the mode: what the user reads, and what is in the cloud afterwards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .cloud_on_loopback import Cloud
from .conftest import Run

LEAKS = """
import openstack

def test_leaves():
    openstack.connect(cloud="lab").compute.create_flavor(name="mine", ram=64, vcpus=1, disk=1)

def test_leaves_another(cloud):
    cloud.connection.compute.create_flavor(name="other", ram=64, vcpus=1, disk=1)
"""
REFUSED = """
import pytest

def test_leaves(cloud):
    flavor = cloud.connection.compute.create_flavor(name="mine", ram=64, vcpus=1, disk=1)
    with pytest.raises(Exception, match="Flavor is in use"):
        cloud.connection.compute.delete_flavor(flavor)
"""
#: What somebody else makes while the tests run.
MEANWHILE = """
import requests

def pytest_runtest_teardown():
    body = {"flavor": {"name": "not ours", "ram": 1, "vcpus": 1, "disk": 1}}
    requests.post("URL/compute/v2.1/flavors", json=body, headers={"X-OpenStack-Request-ID": "req-theirs"})
"""
KEEPS = """
def pytest_cleanup_keep(resource):
    return "an upgrade needs it" if resource.name == "mine" else None
"""


@pytest.fixture
def before(cloud_on_loopback: Cloud) -> dict[str, Any]:
    """A flavor that was there before the run."""
    flavor = {"id": "0", "name": "was there", "os-flavor-access:is_public": True, "extra_specs": {"a": "1"}}
    cloud_on_loopback.flavors["0"] = flavor
    return flavor


def names(cloud: Cloud) -> set[str]:
    return {flavor["name"] for flavor in cloud.flavors.values()}


def told(pytester: pytest.Pytester) -> dict[str, Any]:
    """What programs read of the last run."""
    found: dict[str, Any] = json.loads((latest(pytester) / "leaks.json").read_text())
    return found


def latest(pytester: pytest.Pytester) -> Path:
    return pytester.path / ".stackproof" / "runs" / "latest"


@pytest.mark.usefixtures("before")
def test_report_names_each_leak_its_test_and_its_cause(
    pytester: pytest.Pytester, run_apart: Run, workers: str, cloud_on_loopback: Cloud
) -> None:
    pytester.makepyfile(LEAKS)
    result = run_apart("--os-cloud", "lab", "--cleanup=report", workers, "--junitxml=junit.xml")

    result.assert_outcomes(passed=2)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines([
        "cleanup: report (--cleanup)", "*= left in the cloud =*", "2 x flavor: nothing asked for its deletion",
        "  flavor 'mine' (*): nothing asked for its deletion", "      made by test_*.py::test_leaves (call*)",
        "2 things left by 2 tests",
    ])  # fmt: skip
    assert names(cloud_on_loopback) == {"was there", "mine", "other"}
    assert {leak["name"]: leak["attribution"]["how"] for leak in told(pytester)["leaks"]} == {
        "mine": "made by it", "other": "made by it",
    }  # fmt: skip
    assert 'name="cleanup" value="2 things left by 2 tests"' in (pytester.path / "junit.xml").read_text()
    report = (latest(pytester) / "report.html").read_text()
    assert "2 x flavor: nothing asked for its deletion" in report
    assert "the cloud reports no services" in report


@pytest.mark.usefixtures("before")
def test_preserve_removes_what_the_run_left_and_proves_it(
    pytester: pytest.Pytester, run_apart: Run, workers: str, cloud_on_loopback: Cloud
) -> None:
    pytester.makepyfile(LEAKS)
    result = run_apart("--os-cloud", "lab", "--cleanup=preserve", workers)

    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines([
        "cleanup: preserve (--cleanup), scope run", "cleanup: 2 of scope run are removed, 0 are kept",
        "2 of 2 things removed in * s with * requests; the cloud is as it was",
    ])  # fmt: skip
    assert names(cloud_on_loopback) == {"was there"}
    assert cloud_on_loopback.regions == {}, "the marker is left"


@pytest.mark.usefixtures("before")
def test_dry_run_prints_the_plan_and_removes_nothing(
    pytester: pytest.Pytester, run_apart: Run, workers: str, cloud_on_loopback: Cloud
) -> None:
    pytester.makepyfile(LEAKS)
    result = run_apart("--os-cloud", "lab", "--cleanup=dry-run", workers)

    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines("plan:    1. flavor '*' (*): made by test_*.py::test_leaves* (call*); at once")
    assert names(cloud_on_loopback) == {"was there", "mine", "other"}


def test_what_others_made_meanwhile_is_kept(
    pytester: pytest.Pytester, run_apart: Run, workers: str, cloud_on_loopback: Cloud
) -> None:
    pytester.makepyfile(LEAKS)
    pytester.makeconftest(MEANWHILE.replace("URL", cloud_on_loopback.url))
    result = run_apart("--os-cloud", "lab", "--cleanup=preserve", workers)

    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines("kept: flavor 'not ours' (*): not ours: not of run")
    assert names(cloud_on_loopback) == {"not ours"}


def test_scope_of_the_cloud_takes_it_too(
    pytester: pytest.Pytester, run_apart: Run, workers: str, cloud_on_loopback: Cloud
) -> None:
    pytester.makepyfile(LEAKS)
    pytester.makeconftest(MEANWHILE.replace("URL", cloud_on_loopback.url))
    result = run_apart("--os-cloud", "lab", "--cleanup=preserve", "--cleanup-scope=cloud", workers)

    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines("cleanup: 4 of scope cloud are removed, 0 are kept")
    assert names(cloud_on_loopback) == set()


def test_what_does_not_go_fails_the_run_and_says_why(
    pytester: pytest.Pytester, run_apart: Run, workers: str, cloud_on_loopback: Cloud
) -> None:
    cloud_on_loopback.held.add("mine")
    pytester.makepyfile(REFUSED)
    result = run_apart("--os-cloud", "lab", "--cleanup=preserve", workers)

    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([
        "1 x flavor: its deletion was refused with …: Flavor is in use. (req-of-the-service)",
        "flavor 'mine' (1) stays: compute DELETE /flavors/1 answered 409: Flavor is in use.*",
        "bug report: *bug-1.md", "0 of 1 thing removed in * s with * requests; the cloud is NOT as it was",
    ])  # fmt: skip
    report = (latest(pytester) / "leaks" / "bug-1.md").read_text()
    assert report.startswith("# flavor is left behind: its deletion was refused with")
    assert "deleted by test_" in report


@pytest.mark.usefixtures("before")
def test_conftest_has_a_say_in_what_is_kept(
    pytester: pytest.Pytester, run_apart: Run, workers: str, cloud_on_loopback: Cloud
) -> None:
    pytester.makepyfile(LEAKS)
    pytester.makeconftest(KEEPS)
    result = run_apart("--os-cloud", "lab", "--cleanup=preserve", workers)

    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines("kept: flavor 'mine' (*): an upgrade needs it")
    assert names(cloud_on_loopback) == {"was there", "mine"}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--cleanup=all"], "*deletes everything in the cloud*--cleanup-yes-delete-everything*"),
        (["--cleanup=report", "--cleanup-snapshot=none.json"], "*snapshot *none.json cannot be read*"),
        (["--cleanup=preserve", "--cleanup-fixup=nonsense"], "*no fix-up is named 'nonsense'; choose from server-*"),
    ],
    ids=["all", "snapshot", "fixup"],
)
def test_misuse_is_one_sentence_and_deletes_nothing(
    pytester: pytest.Pytester, run_apart: Run, workers: str, cloud_on_loopback: Cloud, words: list[str], sentence: str
) -> None:
    cloud_on_loopback.flavors["0"] = {"id": "0", "name": "was there", "os-flavor-access:is_public": True}
    pytester.makepyfile(LEAKS)
    result = run_apart("--os-cloud", "lab", *words, workers)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    (line,) = filter(None, result.errlines)
    pytest.LineMatcher([line]).fnmatch_lines(f"ERROR: {sentence}")
    assert names(cloud_on_loopback) == {"was there"}


@pytest.mark.usefixtures("clouds_yaml")
def test_cloud_that_does_not_answer_is_one_sentence(pytester: pytest.Pytester, run_apart: Run, dead_port: int) -> None:
    pytester.makepyfile("def test_it(): pass")
    result = run_apart("--os-cloud", "lab", "--cleanup=report")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    (line,) = filter(None, result.errlines)
    assert line.startswith(
        f"ERROR: cloud 'lab' at http://127.0.0.1:{dead_port}/v3 cannot be used: Connection refused; see "
    )


def test_without_a_cloud_it_is_misused(pytester: pytest.Pytester, run: Run, workers: str) -> None:
    pytester.makepyfile("def test_it(): pass")
    result = run("--cleanup=report", workers)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines("ERROR: --cleanup=report (from --cleanup) needs a cloud: pass --os-cloud NAME, or *")
