"""tcup.py as a file: what it may use, and that it knows what it needs to know of the rest."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tcup import tcup

ROOT = Path(__file__).parents[3]
FILE = ROOT / "tcup" / "tcup.py"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.mark.parametrize("minor", range(9, 15))
def test_it_is_python(minor: int) -> None:
    ast.parse(FILE.read_text(), feature_version=(3, minor))


def test_it_imports_the_standard_library_and_the_sdk_only() -> None:
    names = set()
    for node in ast.walk(ast.parse(FILE.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names.add(str(node.module).partition(".")[0])
    # requests comes with the SDK, whose errors are its.
    assert names - set(sys.stdlib_module_names) == {"docker", "requests"}


def test_it_builds_the_release_that_it_is_of() -> None:
    assert PROJECT["project"]["version"] == tcup.VERSION


def test_it_takes_all_of_a_checkout_that_the_wheel_needs() -> None:
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert set(wheel["packages"]) | set(wheel["force-include"]) | {"LICENSE", "README.md", "pyproject.toml"} == set(
        tcup.SOURCE
    )
    assert tcup.checkout() == ROOT


def test_help_names_each_variable_that_is_taken() -> None:
    said = subprocess.run([sys.executable, FILE, "--help"], capture_output=True, text=True, check=True).stdout
    assert [name for name in tcup.VARIABLES if name not in said] == []


def test_its_inline_metadata_asks_for_what_the_project_does() -> None:
    (line,) = (line for line in FILE.read_text().splitlines() if line.startswith("# dependencies"))
    assert ast.literal_eval(line.partition("=")[2].strip()) == [
        one for one in PROJECT["project"]["optional-dependencies"]["tcup"] if one.startswith("docker")
    ]
