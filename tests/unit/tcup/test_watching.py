"""What a run tells of its tests to whoever started it: tcup's container, or a worker."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from pytest_whitebox.core.events import DESCRIPTOR

UUID = "5f1b7a4e-0000-4000-8000-000000000001"
#: With the property that Tempest's tests have.
TESTS = f"""
def test_fails(record_property):
    record_property("idempotent_id", "{UUID}")
    assert 0, "no"

def test_passes(): pass
"""


def test_a_test_that_is_over_is_told_with_its_uuid(tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text(TESTS)
    ours, theirs = os.pipe()
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tcup.inside.watching", "test_own.py"]
    path = str(Path(__file__).parents[3])
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": path, DESCRIPTOR: str(theirs)}
    subprocess.run(command, cwd=tmp_path, env=env, pass_fds=[theirs], check=False, capture_output=True)
    os.close(theirs)
    with os.fdopen(ours) as events:
        told = [json.loads(line) for line in events]

    first, *began_and_ended = told
    assert first == {"event": "collected", "number": 2}
    ended = [one for one in began_and_ended if one["event"] == "ended"]
    assert [(one["test"], one["uuid"], one["outcome"]) for one in ended] == [
        ("test_own.py::test_fails", UUID, "failed"), ("test_own.py::test_passes", "", "passed"),
    ]  # fmt: skip
    assert "no" in ended[0]["why"]
