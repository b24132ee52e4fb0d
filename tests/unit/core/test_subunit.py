"""A test that is over, from the reports of its phases, and as subunit's own reader has it."""

from __future__ import annotations

import io
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_whitebox.core.ended import Ended, Phases
from pytest_whitebox.core.subunit import Stream
from tests.plugin.tempest_run import outcomes, read_tests

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def report(when: str, outcome: str = "passed", text: str = "", **more: Any) -> SimpleNamespace:
    """What pytest reports of a phase, as far as it counts here."""
    known = {"nodeid": "a.py::test_a", "when": when, "outcome": outcome, "longrepr": text, "longreprtext": text}
    said = {"passed": outcome == "passed", "failed": outcome == "failed", "skipped": outcome == "skipped"}
    return SimpleNamespace(**known, **said, duration=1.5, start=BEGAN.timestamp(), caplog="", **more)


def ended(*reports: SimpleNamespace) -> Ended:
    phases = Phases()
    *first, last = [phases.add(one) for one in reports]
    assert first == [None] * len(first)
    assert last is not None
    return last


@pytest.mark.parametrize(
    ("reports", "outcome", "why"),
    [
        ((report("setup"), report("call"), report("teardown")), "passed", ""),
        ((report("setup"), report("call", "failed", "one\ntwo"), report("teardown", "failed", "x")), "failed", "one"),
        ((report("setup"), report("call"), report("teardown", "failed", "x")), "error", "x"),
        ((report("setup", "failed", "x"), report("teardown")), "error", "x"),
        ((report("setup", "skipped", "x"), report("teardown")), "skipped", "x"),
        ((report("setup"), report("call", "skipped", "x", wasxfail="y"), report("teardown")), "xfailed", "x"),
        ((report("setup"), report("call", wasxfail="y"), report("teardown")), "xpassed", ""),
        ((report("???", "failed", "worker 'gw1' crashed"),), "error", "worker 'gw1' crashed"),
    ],
)
def test_a_test_is_what_its_worst_phase_is(reports: tuple[SimpleNamespace, ...], outcome: str, why: str) -> None:
    found = ended(*reports)

    assert (found.outcome, found.why) == (outcome, why)
    assert (found.began, found.seconds) == (BEGAN, 1.5 * len(reports))


def test_all_that_went_wrong_is_told_by_the_names_of_testtools() -> None:
    found = ended(report("setup"), report("call", "failed", "first"), report("teardown", "failed", "second"))

    assert found.texts == {"traceback": "first", "traceback-1": "second"}
    assert ended(report("setup", "skipped", "why"), report("teardown")).texts == {"reason": "why"}


def test_a_stream_can_be_read_after_each_test_and_holds_long_texts() -> None:
    out = io.BytesIO()
    stream = Stream(out)
    long = "käse\n" * 1_500_000
    stream.write(Ended("a.B.test_c[id-0a6c,smoke]", "a.py::B::test_c", "failed", BEGAN, 2, "", {"traceback": long}))
    assert len(read_tests(out.getvalue())) == 1
    stream.write(Ended("a.B.test_d", "a.py::B::test_d", "xpassed", BEGAN, 0))

    first, second = read_tests(out.getvalue())
    assert (first["id"], first["status"]) == ("a.B.test_c[id-0a6c,smoke]", "fail")
    assert first["details"]["traceback"].as_text() == long
    assert (first["timestamps"][1] - first["timestamps"][0]).total_seconds() == 2
    assert (second["id"], second["status"], second["details"]) == ("a.B.test_d", "uxsuccess", {})


def test_stestr_takes_a_stream_with_each_outcome(tmp_path: Path) -> None:
    theirs = {
        "passed": "passed", "failed": "failed", "error": "failed", "skipped": "skipped", "xfailed": "xfailed",
        "xpassed": "failed",
    }  # fmt: skip
    out, stestr = io.BytesIO(), Path(sys.executable).with_name("stestr")
    stream = Stream(out)
    for word in theirs:
        stream.write(Ended(f"a.B.test_{word}[id-0a6c,smoke](raw)", "", word, BEGAN, 2, "", {"reason": "why"}))
    subprocess.run([stestr, "init"], cwd=tmp_path, check=True)
    subprocess.run([stestr, "load"], cwd=tmp_path, check=True, input=out.getvalue(), capture_output=True)
    last = subprocess.run([stestr, "last", "--subunit"], cwd=tmp_path, check=False, capture_output=True).stdout

    assert outcomes(last) == {f"a.B.test_{word}(raw)": their for word, their in theirs.items()}
