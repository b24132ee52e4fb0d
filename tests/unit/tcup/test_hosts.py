"""Tests that look at the cloud's hosts skip in the container, and say why; the others run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from pytest_whitebox import fixtures
from tcup.inside.hosts import FIXTURES
from tcup.inside.run import command

TESTS = """
import pytest

@pytest.fixture
def own_host(): assert 0, "nobody may ask"

def test_looks(own_host): pass

@pytest.fixture
def of_a_host(own_host): pass

def test_looks_by_another(of_a_host): pass

@pytest.mark.requires("identity", "libvirt", pcpus=2)
def test_requires(): pass

def test_asks_an_api(): pass
"""


def test_who_looks_at_hosts_skips(tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-rs", "-p", "tcup.inside.hosts", "test_own.py"]
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[3])}
    said = subprocess.run(command, cwd=tmp_path, env=env, check=False, capture_output=True, text=True).stdout

    assert "1 passed, 3 skipped" in said
    told = re.findall(r"SKIPPED \[(\d)\].*none leads out of tcup's container: run it by an installed stackproof", said)
    assert sum(map(int, told)) == 3


def test_the_fixtures_that_lead_to_hosts_are_those_of_today() -> None:
    assert [name for name in FIXTURES if not hasattr(fixtures, name)] == []


def test_the_run_has_that_plugin() -> None:
    assert "tcup.inside.hosts" in command(())
