"""In a project that has nothing to do with clouds the plugin is not felt."""

from __future__ import annotations

import pytest

from .conftest import Run

HEAVY = """
import sys

def test_what_is_loaded():
    heavy = ["openstack", "keystoneauth1", "lxml", "sqlalchemy", "fabric", "paramiko", "oslo_config"]
    assert "pytest_whitebox.plugin" in sys.modules
    assert [name for name in heavy if name in sys.modules] == []
"""


def test_no_library_of_openstack_is_loaded(pytester: pytest.Pytester, run: Run, workers: str) -> None:
    pytester.makepyfile(HEAVY)
    pytester.runpytest_subprocess(workers).assert_outcomes(passed=1)


def test_nothing_is_written(pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makepyfile("def test_nothing(): assert 1")
    (pytester.path / "clouds.yaml").write_text("clouds: {lab: {}}")
    monkeypatch.setenv("OS_CLOUD", "lab")
    result = run("-p", "no:cacheprovider")

    result.assert_outcomes(passed=1)
    assert not (pytester.path / ".stackproof").exists()
    result.stdout.no_fnmatch_line("*Generated html report*")


@pytest.mark.parametrize("name", ["whitebox", "pytest_whitebox"])
def test_it_can_be_left_out(pytester: pytest.Pytester, run: Run, name: str) -> None:
    pytester.makepyfile("import sys\ndef test_out(): assert 'pytest_whitebox.plugin' not in sys.modules")

    pytester.runpytest_subprocess("-p", f"no:{name}").assert_outcomes(passed=1)


@pytest.mark.parametrize("other", ["html", "xdist", "terminal", "logging", "junitxml"])
def test_it_needs_no_other_plugin(pytester: pytest.Pytester, run: Run, other: str) -> None:
    pytester.makepyfile("def test_nothing(): assert 1")
    (pytester.path / "clouds.yaml").write_text("clouds: {lab: {}}")
    result = run("-p", f"no:{other}", "--os-cloud", "lab")

    assert result.ret == pytest.ExitCode.OK
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()
