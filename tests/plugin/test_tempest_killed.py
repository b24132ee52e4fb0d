"""A run that is killed while Tempest's tests go on: the next run of the same user removes what it has left."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pytest_whitebox.core.wait import wait_for
from tests.doubles.openstack import Openstack, environment, serve

OWN = {"role-of-others", "admin-user", "admin-project"}
PASSWORD = "any"


@pytest.fixture
def cloud() -> Iterator[tuple[Openstack, dict[str, str]]]:
    """A cloud of Keystone alone, and the variables that lead to it."""
    cloud = Openstack(services={"identity": "v3"})
    for name in ("admin", "member"):
        cloud.put("identity", "roles", id=name, name=name, description=None)
    with serve(cloud) as url:
        yield cloud, environment(url)


@pytest.fixture
def run(
    cloud: tuple[Openstack, dict[str, str]], pytester: pytest.Pytester, tempest_sample: Path, cache_of_all: str
) -> Callable[..., subprocess.Popen[str]]:
    """``run(*arguments)``: pytest as a process, in whose home nothing was before."""
    clean = {name: text for name, text in os.environ.items() if not name.startswith(("OS_", "WHITEBOX_", "PYTEST_"))}
    home = {"HOME": str(pytester.path), "PYTHONPATH": str(tempest_sample), "COLUMNS": "250"}
    env = {**clean, **cloud[1], **home, "SAMPLE_WAITS": str(pytester.path / "waits")}
    env.pop("XDG_STATE_HOME", None)

    def start(*words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "pytest", "-o", cache_of_all, *words]
        return subprocess.Popen(
            command, cwd=pytester.path, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    return start


@contextmanager
def waiting(run: subprocess.Popen[str], waits: Path) -> Iterator[None]:
    """A run while its test waits."""
    with run:
        try:
            wait_for(lambda: waits.exists() or run.poll() is not None, timeout=300, what="the test to wait")
            if not waits.exists():
                pytest.fail(run.communicate()[0])
            yield
        finally:
            run.kill()


def _things(cloud: Openstack) -> dict[str, list[str]]:
    found = ("projects", "users", "roles")
    return {kind: sorted(row["name"] for row in cloud.of("identity", kind).values()) for kind in found}


def test_a_run_that_is_killed_leaves_nothing_after_the_next_one(
    cloud: tuple[Openstack, dict[str, str]], run: Callable[..., subprocess.Popen[str]], pytester: pytest.Pytester
) -> None:
    pytester.makepyfile("def test_own(): pass")
    before, waits = _things(cloud[0]), pytester.path / "waits"
    with waiting(run("--tempest=test_waiting"), waits):
        made = _things(cloud[0])
        said, _ = run("test_own.py").communicate(timeout=300)
        assert _things(cloud[0]) == made
        assert "which was killed" not in said
    (conf,) = pytester.path.glob(".stackproof/runs/*Z-*/tempest.conf")
    accounts = conf.with_name("accounts.yaml")
    assert made != before
    assert f"admin_password = {PASSWORD}" in conf.read_text()
    assert "password: '***'" not in accounts.read_text()

    said, _ = run("test_own.py").communicate(timeout=300)

    assert _things(cloud[0]) == before, said
    id = conf.parent.name.rpartition("-")[2]
    pytest.LineMatcher(said.splitlines()).fnmatch_lines([f"tempest: removed the 4 things that run {id}, which was *"])
    assert "admin_password = ***" in conf.read_text()
    assert accounts.read_text().count("password: '***'") == 2
    assert "which was killed" not in run("test_own.py").communicate(timeout=300)[0]
    assert list(pytester.path.glob(".local/state/stackproof/tempest/*")) == []


def test_a_run_that_ends_leaves_no_journal(
    cloud: tuple[Openstack, dict[str, str]], run: Callable[..., subprocess.Popen[str]], pytester: pytest.Pytester
) -> None:
    before, waits = _things(cloud[0]), pytester.path / "waits"
    process = run("--tempest=test_waiting")
    with waiting(process, waits):
        (journal,) = pytester.path.glob(".local/state/stackproof/tempest/*")
        text = journal.read_text()
        mode = journal.stat().st_mode & 0o777
        waits.unlink()
        said, _ = process.communicate(timeout=300)

    assert "1 passed" in said
    assert '{"made": "project sp-' in text
    assert PASSWORD not in text
    assert mode == 0o600
    assert _things(cloud[0]) == before
    assert list(pytester.path.glob(".local/state/stackproof/tempest/*")) == []
