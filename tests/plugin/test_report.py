"""The HTML report: each test is one row, whatever failed."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest

from .conftest import Run

TESTS = """
import pytest

@pytest.fixture
def broken():
    raise ValueError("setup of it")

def undo():
    raise ValueError("teardown of it")

def test_good():
    answer = 42
    assert answer == 42

def test_setup(broken):
    pass

def test_teardown(ledger):
    ledger.add("it", undo)

def test_call():
    assert "call of" == "it"

def test_call_and_teardown(ledger):
    ledger.add("it", undo)
    assert "call of" == "it"

@pytest.mark.skip(reason="for a reason")
def test_skipped():
    pass
"""

OUTCOMES = {
    "good": "Passed", "setup": "Error", "teardown": "Error", "call": "Failed", "call_and_teardown": "Failed",
    "skipped": "Skipped",
}  # fmt: skip


def rows(report: Path) -> dict[str, list[dict[str, Any]]]:
    """The rows of a report by the name of their test."""
    found = re.search(r'data-jsonblob="([^"]*)"', report.read_text())
    assert found is not None
    tests = json.loads(html.unescape(found[1]))["tests"]
    return {nodeid.rpartition("::test_")[2]: entries for nodeid, entries in tests.items() if entries}


def test_each_test_is_one_row(pytester: pytest.Pytester, run: Run, workers: str, clouds_yaml: Path) -> None:
    pytester.makepyfile(TESTS)
    pytester.makeini("[pytest]\nenable_assertion_pass_hook = true\n")
    result = run("--os-cloud", "lab", workers)
    result.assert_outcomes(passed=2, failed=2, errors=3, skipped=1)
    report = pytester.path / ".stackproof" / "runs" / "latest" / "report.html"
    shown = rows(report)

    assert {name: [entry["result"] for entry in entries] for name, entries in shown.items()} == {
        name: [outcome] for name, outcome in OUTCOMES.items()
    }
    check_failures({name: html.unescape(entries[0]["log"]) for name, entries in shown.items()})
    check_passes(shown)
    check_summary(report.read_text())


def check_failures(logs: dict[str, str]) -> None:
    """A row tells what failed in all phases of its test."""
    assert "setup of it" in logs["setup"]
    assert "while undoing: it; ValueError: teardown of it" in logs["teardown"]
    assert "assert 'call of' == 'it'" in logs["call_and_teardown"]
    assert "while undoing: it; ValueError: teardown of it" in logs["call_and_teardown"]


def check_passes(shown: dict[str, list[dict[str, Any]]]) -> None:
    """A row tells what was seen, or why nothing was."""
    (good,) = shown["good"]
    cells = html.unescape("".join(good["resultsTableRow"]))

    assert "answer == 42" in cells
    assert "What was seen" in good["extras"][0]["content"]
    assert "for a reason" in "".join(shown["skipped"][0]["resultsTableRow"])


def check_summary(text: str) -> None:
    """Tests are counted, not phases; and the page opens without a network."""
    found = re.search(r">6 tests in \d+ s: ([^<]+)<", text)

    assert found is not None
    assert set(found[1].split(", ")) == {"1 passed", "2 in error", "2 failed", "1 skipped"}
    assert re.findall(r"<(?:script|img|link)[^>]+(?:src|href)=[\"']?http", text) == []
    assert "stackproof: lab" in text


def test_a_report_elsewhere_is_left_to_the_user(pytester: pytest.Pytester, run: Run, clouds_yaml: Path) -> None:
    pytester.makepyfile(TESTS)
    run("--os-cloud", "lab", "--html=mine.html")

    assert rows(pytester.path / "mine.html")["good"]
    assert not (pytester.path / ".stackproof").exists()


def test_reports_of_other_projects_stay_as_they_are(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(TESTS)
    run("--html=mine.html")
    shown = rows(pytester.path / "mine.html")

    assert "<style>" not in (pytester.path / "mine.html").read_text().partition('id="environment-header"')[2]
    assert [entry["result"] for entry in shown["call_and_teardown"]] == ["Failed", "Error"]
