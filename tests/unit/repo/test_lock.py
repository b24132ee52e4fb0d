"""The lock: everything pinned and hashed, and nothing in it that depends on who renewed it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LOCK = (ROOT / "requirements.lock").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[<>=~!\[; ]", name, maxsplit=1)[0]).lower()


def _wanted() -> list[str]:
    project, groups = PROJECT["project"], PROJECT["dependency-groups"]
    lists = [project["dependencies"], *project["optional-dependencies"].values(), *groups.values()]
    return sorted({_normal(requirement) for wanted in lists for requirement in wanted})


@pytest.mark.parametrize("name", _wanted())
def test_each_dependency_is_locked(name: str) -> None:
    assert re.search(rf"^{name}==", LOCK, re.MULTILINE)


def test_each_pin_has_a_hash() -> None:
    pins = re.split(r"\n(?=\S)", LOCK.strip())
    assert len(pins) > 50
    assert [pin for pin in pins if "--hash=sha256:" not in pin] == []


def test_the_lock_names_no_place_to_download_from() -> None:
    assert re.findall(r"://|--(?:extra-)?index-url|--find-links", LOCK) == []
