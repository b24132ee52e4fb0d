"""Runs of pytest with our plugin, as a user starts them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.doubles.serving import nobody

from . import tempest_package
from .cloud_on_loopback import Cloud, serve

Run = Callable[..., pytest.RunResult]

CANARY = "canary-51c2"


@pytest.fixture(params=["-n0", "-n2"])
def workers(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """``run(*arguments)``: pytest, within this process, in a project that knows no cloud."""
    for name in [name for name in os.environ if name.startswith(("OS_", "WHITEBOX_", "PYTEST_ADDOPTS"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(pytester.path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(pytester.path / "none"))
    return pytester.runpytest_inprocess


@pytest.fixture(scope="session")
def tempest_sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which our small plugin of Tempest is installed."""
    folder = tmp_path_factory.mktemp("site")
    tempest_package.write(folder)
    return folder


@pytest.fixture(scope="session")
def cache_of_all(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The option of pytest that has all runs share a cache, and so the index of Tempest's tests."""
    return f"cache_dir={tmp_path_factory.getbasetemp() / 'cache'}"


@pytest.fixture
def run_apart(pytester: pytest.Pytester, run: Run) -> Run:
    """The same in a process of its own, as it takes for what loads OpenStack's libraries."""
    return pytester.runpytest_subprocess


@pytest.fixture
def dead_port() -> Iterator[int]:
    with nobody() as port:
        yield port


@pytest.fixture
def clouds_yaml(pytester: pytest.Pytester, dead_port: int) -> Path:
    """A clouds.yaml whose only cloud does not answer."""
    file = pytester.path / "clouds.yaml"
    auth = f"{{auth_url: 'http://127.0.0.1:{dead_port}/v3', username: u, password: {CANARY}, project_name: demo}}"
    file.write_text(f"clouds:\n  lab:\n    region_name: north\n    auth: {auth}\n")
    return file


@pytest.fixture
def cloud_on_loopback(pytester: pytest.Pytester) -> Iterator[Cloud]:
    """A cloud that answers, and is named ``lab`` in clouds.yaml."""
    with serve() as cloud:
        auth = f"{{auth_url: '{cloud.url}/v3', username: u, password: p, project_name: demo}}"
        domains = "user_domain_name: Default, project_domain_name: Default}"
        entry = f"  lab:\n    region_name: north\n    auth: {auth[:-1]}, {domains}\n"
        Path(pytester.path / "clouds.yaml").write_text(f"clouds:\n{entry}")
        yield cloud
