"""The wheel: what has to be in it, and what must not."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    code = f"from hatchling.build import build_wheel; build_wheel({str(folder)!r})"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def _expected(folder: str, within: str) -> set[str]:
    files = (ROOT / folder).rglob("*")
    kept = {file for file in files if file.is_file() and "__pycache__" not in file.parts}
    return {f"{within}/{file.relative_to(ROOT / folder)}" for file in kept}


@pytest.mark.parametrize(
    ("folder", "within"),
    [
        ("pytest_whitebox", "pytest_whitebox"),
        ("pytest_cleanup", "pytest_cleanup"),
        ("pytest_upgrade", "pytest_upgrade"),
        ("devcloud", "devcloud"),
        ("tcup", "tcup"),
        ("tests/suites", "stackproof_suites"),
    ],
)
def test_every_file_of_a_package_is_in_it(names: set[str], folder: str, within: str) -> None:
    expected = _expected(folder, within)
    assert expected
    assert expected - names == set()


def test_nothing_else_is_in_it(names: set[str]) -> None:
    assert {name.partition("/")[0] for name in names} == {
        "pytest_whitebox",
        "pytest_cleanup",
        "pytest_upgrade",
        "devcloud",
        "tcup",
        "stackproof_suites",
        "stackproof-0.1.0.dist-info",
    }


def test_no_cache_is_in_it(names: set[str]) -> None:
    assert names
    assert {name for name in names if "__pycache__" in name or name.endswith(".pyc")} == set()
