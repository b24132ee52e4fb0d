"""The wheel: what has to be in it, and what must not."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from worker import standalone

ROOT = Path(__file__).parents[3]
#: Each folder of the checkout that is in it, and the package that it is there.
PLACES = {
    "pytest_whitebox": "pytest_whitebox",
    "pytest_cleanup": "pytest_cleanup",
    "pytest_upgrade": "pytest_upgrade",
    "devcloud": "devcloud",
    "tcup": "tcup",
    "tests/suites": "stackproof_suites",
    "worker": "stackproof_worker",
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    code = f"from hatchling.build import build_wheel; build_wheel({str(folder)!r})"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def _expected(folder: str, within: str) -> set[str]:
    files = (ROOT / folder).rglob("*")
    kept = {file for file in files if file.is_file() and "__pycache__" not in file.parts}
    return {f"{within}/{file.relative_to(ROOT / folder)}" for file in kept}


def test_every_top_package_is_in_it() -> None:
    assert {file.parent.name for file in ROOT.glob("*/__init__.py")} == set(PLACES) - {"tests/suites"}


@pytest.mark.parametrize(("folder", "within"), PLACES.items())
def test_every_file_of_a_package_is_in_it(names: set[str], folder: str, within: str) -> None:
    expected = _expected(folder, within)
    assert expected
    assert expected - names == set()


def test_nothing_else_is_in_it(names: set[str]) -> None:
    assert {name.partition("/")[0] for name in names} == {*PLACES.values(), "stackproof-0.1.0.dist-info"}


def test_no_cache_is_in_it(names: set[str]) -> None:
    assert names
    assert {name for name in names if "__pycache__" in name or name.endswith(".pyc")} == set()


def test_worker_runs_under_its_other_name(wheel: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "stackproof_worker", "--help"]
    environment = {**os.environ, "PYTHONPATH": str(wheel)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "python -m stackproof_worker serve" in done.stdout


def test_worker_of_the_wheel_writes_the_same_file_as_that_of_the_checkout(wheel: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "stackproof_worker", "pyz", str(tmp_path / "wheel.pyz")]
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(wheel)}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    standalone.write(tmp_path / "checkout.pyz")
    assert (tmp_path / "wheel.pyz").read_bytes() == (tmp_path / "checkout.pyz").read_bytes()
