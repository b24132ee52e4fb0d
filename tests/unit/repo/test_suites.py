"""The suites: every test has an identity of its own, and the page that lists them names tests that there are."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
FILES = {file: file.read_text() for file in sorted((ROOT / "tests" / "suites").rglob("test_*.py"))}
TESTS = [name for text in FILES.values() for name in re.findall(r"^def (test_\w+)\(", text, re.MULTILINE)]
PAGE = (ROOT / "docs" / "whitebox-suites.md").read_text()
#: module, class, number of tests, ours, where it runs
ROWS = re.findall(r"^\| (test_\w+) \| (\w+) \| (\d+) \|(.*)\| (.+) \|$", PAGE, re.MULTILINE)


def test_each_test_has_an_identity_of_its_own() -> None:
    found = [uuid for text in FILES.values() for uuid in re.findall(r'idempotent_id\("([0-9a-f-]{36})"\)', text)]

    assert len(found) == len(TESTS) > 0
    assert len(set(found)) == len(found)


def test_page_has_all_classes_of_the_plugin() -> None:
    assert len({row[:2] for row in ROWS}) == len(ROWS) == 54
    assert sum(int(row[2]) for row in ROWS) == 109


def test_page_names_tests_that_there_are() -> None:
    named = {name for row in ROWS for name in re.findall(r"`(\w+)`", row[3])}

    assert named
    assert named <= set(TESTS)
