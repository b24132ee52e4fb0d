"""What our plugins cost a project that has nothing to do with OpenStack: whole pytest runs, with it and without it.

In processor time: whatever else the machine does, it is the same within a few milliseconds.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pytest_whitebox.core.command import run
from tests.benchmarks.figure import Figure, differences, processor_seconds

_RUNS = 5
_WITHOUT = ("-p", "no:pytest_whitebox", "-p", "no:pytest_upgrade", "-p", "no:pytest_cleanup")
_ASK = (
    "import sys, pytest; pytest.main(['-q']); print('imported:', *sorted({m.partition('.')[0] for m in sys.modules}))"
)
#: None of these may be in a process that tests no cloud.
_HEAVY = ("openstack", "keystoneauth1", "oslo_config", "sqlalchemy", "fabric", "paramiko", "lxml", "testinfra")


def figures() -> Iterator[Figure]:
    """Pairs of runs in turn, so that a machine that drifts drifts for both."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_nothing.py").write_text("def test_nothing():\n    assert True\n")
        pairs = [(_pytest(folder), _pytest(folder, *_WITHOUT)) for _ in range(_RUNS + 1)][1:]
        with_it, without = zip(*pairs, strict=True)
        ours = sorted(_heavy(folder) - _heavy(folder, *_WITHOUT))
    yield Figure("pytest with one empty test, without our plugin", "ms", tuple(value * 1000 for value in without))
    note = f"it imports {', '.join(ours)}" if ours else f"it imports none of {', '.join(_HEAVY)}"
    yield Figure("our plugin on top, in an unrelated project", "ms", differences(with_it, without), 60, note)


def _pytest(folder: str, *words: str) -> float:
    return processor_seconds(
        [sys.executable, "-m", "pytest", "-q", *words], timeout=60, cwd=folder, env=dict(os.environ)
    )


def _heavy(folder: str, *words: str) -> set[str]:
    code = _ASK.replace("['-q']", repr(["-q", *words]))
    said = run([sys.executable, "-c", code], cwd=folder, env=dict(os.environ)).stdout
    return set(said.splitlines()[-1].split()) & set(_HEAVY)
