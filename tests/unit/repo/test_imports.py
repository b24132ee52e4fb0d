"""What an import costs: no OpenStack library and no test runner comes along."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
HEAVY = ("openstack", "keystoneauth1", "oslo_config", "pytest", "_pytest")


def _modules(package: str) -> list[str]:
    files = sorted((ROOT / package).rglob("*.py"))
    names = [".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for file in files]
    return [name for name in names if not name.endswith("__main__")]


@pytest.mark.parametrize("package", ["pytest_whitebox/core", "devcloud"])
def test_importing_all_of_it_imports_nothing_heavy(package: str) -> None:
    modules = _modules(package)
    assert modules
    assert _heavy(modules) == []


@pytest.mark.parametrize("entry", ["pytest_cleanup.cli", "pytest_upgrade.cli", "worker.cli"])
def test_command_line_imports_nothing_heavy(entry: str) -> None:
    assert _heavy([entry], "sqlalchemy", "fastapi", "gear") == []


def _heavy(modules: list[str], *more: str) -> list[str]:
    """What comes along of the heavy, and of more, when modules are imported."""
    code = f"import importlib, sys\nfor m in {modules!r}: importlib.import_module(m)\n"
    code += f"print(*sorted(set({(*HEAVY, *more)!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()
