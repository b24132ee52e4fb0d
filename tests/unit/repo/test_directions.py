"""Directions of imports that import-linter cannot say: into a package's own rest, through doors, and between suites."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
#: The rooms of core that are entered by a door, which is the package itself, and what else of them is for others.
DOORS: dict[str, set[str]] = {
    "configuration": set(),
    "databases": {"ovsdb", "repair"},
    "deployers": {"contract", "deployer", "program"},
    "deployments": set(),
    "hosts": set(),
    "inventories": {"contract"},
    "processes": set(),
    "services": set(),
    "transactions": set(),
    "transports": {"contract", "file"},
}


def _imports(folder: str) -> Iterator[tuple[str, str]]:
    for file in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                yield from ((str(file), alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield str(file), "." * node.level + (node.module or "")


def _of(folder: str, *packages: str) -> list[tuple[str, str]]:
    return [(file, name) for file, name in _imports(folder) if name.split(".")[0] in packages]


def test_core_imports_of_its_package_only_core() -> None:
    ours = _of("pytest_whitebox/core", "pytest_whitebox")
    assert ours
    assert [(file, name) for file, name in ours if not name.startswith("pytest_whitebox.core")] == []


def test_rooms_of_core_are_entered_by_their_doors() -> None:
    inside = [
        (file, *name.split(".")[2:4])
        for folder in (
            "pytest_whitebox",
            "pytest_cleanup",
            "pytest_upgrade",
            "devcloud",
            "tcup",
            "worker",
            "tests/suites",
        )
        for file, name in _of(folder, "pytest_whitebox")
        if name.startswith("pytest_whitebox.core.") and name.count(".") > 2
    ]
    others = [(file, room, name) for file, room, name in inside if room in DOORS and f"core/{room}/" not in file]
    assert {room for _, room, _ in others} >= {"databases", "transports"}
    assert [(file, room, name) for file, room, name in others if name not in DOORS[room]] == []


def test_devcloud_imports_of_the_plugin_only_core() -> None:
    ours = _of("devcloud", "pytest_whitebox")
    assert ours
    assert [(file, name) for file, name in ours if not name.startswith("pytest_whitebox.core")] == []


def test_what_runs_in_the_container_imports_of_the_plugin_only_core() -> None:
    ours = _of("tcup", "pytest_whitebox")
    assert ours
    assert [(file, name) for file, name in ours if not name.startswith("pytest_whitebox.core")] == []


def test_worker_imports_of_the_plugin_only_core() -> None:
    ours = _of("worker", "pytest_whitebox")
    assert ours
    assert [(file, name) for file, name in ours if not name.startswith("pytest_whitebox.core")] == []


def test_suites_import_nothing_from_each_other_nor_from_devcloud() -> None:
    assert list(_imports("tests/suites"))
    others = _of("tests/suites", "", "tests", "conftest", "stackproof_suites", "devcloud")
    # What lies beside a test in its own folder is its own.
    assert [(file, name) for file, name in others if name != ".conftest"] == []
