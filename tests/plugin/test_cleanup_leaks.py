"""What a test leaves in the cloud is its result."""

from __future__ import annotations

import re

import pytest

from .cloud_on_loopback import Cloud
from .conftest import Run

LEAKS = """
def test_leaves(cloud):
    cloud.connection.compute.create_flavor(name="mine", ram=64, vcpus=1, disk=1)
"""
OF_A_MODULE = """
import pytest

@pytest.fixture(scope="module")
def flavor(cloud):
    return cloud.connection.compute.create_flavor(name="everybodys", ram=64, vcpus=1, disk=1)

def test_first(flavor): pass

def test_last(flavor): pass
"""
CLEAN = """
import pytest

@pytest.fixture(scope="module")
def flavor(module_create):
    return module_create.flavor()

def test_first(create, flavor, module_create):
    create.flavor()
    module_create.flavor()

def test_last(session_create, cloud):
    session_create.flavor()
    made = cloud.connection.compute.create_flavor(name="mine", ram=64, vcpus=1, disk=1)
    cloud.connection.compute.delete_flavor(made)
"""
WRAPPED = """
from keystoneauth1.session import Session

plain = Session.request

def test_it():
    assert (Session.request is plain) == {plain}

def pytest_sessionfinish():
    print("the library is", "as it was" if Session.request is plain else "still wrapped")
"""


def test_warned(pytester: pytest.Pytester, run_apart: Run, workers: str, cloud_on_loopback: Cloud) -> None:
    pytester.makepyfile(LEAKS)
    result = run_apart("--os-cloud", "lab", "--cleanup-leaks=warn", workers, "--junitxml=junit.xml")

    result.assert_outcomes(passed=1, warnings=1)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines([
        "*LeakWarning: 1 thing left in the cloud:",
        "*flavor 'mine' (1): nothing asked for its deletion; make it with `create`, which removes it, or *",
    ])  # fmt: skip
    said = (pytester.path / "junit.xml").read_text()
    assert re.search(r'<property name="leak" value="flavor \'mine\' \(1\): nothing asked for its deletion"', said)


def test_failed(pytester: pytest.Pytester, run_apart: Run, workers: str, cloud_on_loopback: Cloud) -> None:
    pytester.makepyfile(LEAKS)
    result = run_apart("--os-cloud", "lab", "--cleanup-leaks=fail", workers)

    result.assert_outcomes(passed=1, errors=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        ["1 thing left in the cloud:", "  flavor 'mine' (1): nothing asked for its deletion; *"]
    )
    result.stdout.no_fnmatch_line("*Traceback*")


def test_what_a_module_shares_is_due_when_the_module_ends(
    pytester: pytest.Pytester, run_apart: Run, workers: str, cloud_on_loopback: Cloud
) -> None:
    pytester.makepyfile(OF_A_MODULE)
    result = run_apart("--os-cloud", "lab", "--cleanup-leaks=fail", workers, "--dist=loadfile")

    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines([
        "*ERROR at teardown of test_last*", "*1 thing left in the cloud:",
        "*flavor 'everybodys' (1): nothing asked for its deletion (made by *::test_first, fixture flavor); *",
    ])  # fmt: skip


def test_what_is_removed_in_time_is_no_leak(
    pytester: pytest.Pytester, run_apart: Run, workers: str, cloud_on_loopback: Cloud
) -> None:
    pytester.makepyfile(CLEAN)
    result = run_apart("--os-cloud", "lab", "--cleanup-leaks=fail", workers, "--dist=loadfile")

    result.assert_outcomes(passed=2)
    assert cloud_on_loopback.flavors == {}


@pytest.mark.parametrize(("option", "during"), [("off", True), ("warn", False)])
def test_libraries_are_wrapped_only_while_it_is_on(
    pytester: pytest.Pytester, run_apart: Run, cloud_on_loopback: Cloud, option: str, during: bool
) -> None:
    pytester.makepyfile("from conftest import test_it")
    pytester.makeconftest(WRAPPED.format(plain=during))
    result = run_apart("--os-cloud", "lab", f"--cleanup-leaks={option}", "-s")

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines("*the library is as it was")
