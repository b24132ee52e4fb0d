"""The script around each step of `make test`: its time limit, its exit code, its line in the table."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

STEP = Path(__file__).parents[3] / ".ci" / "step"


def _step(times: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(STEP), *words],
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={"PATH": "/usr/bin:/bin", "STEP_TIMES": str(times)},
    )


@pytest.mark.parametrize(
    ("words", "code", "outcome"),
    [
        (("9", "fine", "true"), 0, "ok"),
        (("9", "wrong", "sh", "-c", "exit 3"), 3, "exit 3"),
        (("0.1", "slow", "sleep", "5"), 124, "stopped after 0.1 s"),
    ],
)
def test_a_step_says_how_it_ended(tmp_path: Path, words: tuple[str, ...], code: int, outcome: str) -> None:
    done = _step(tmp_path / "times", *words)
    assert done.returncode == code
    assert f"== {words[1]}: {outcome}, " in done.stdout
    assert (tmp_path / "times").read_text().startswith(words[1])
    assert (tmp_path / "times").read_text().endswith(f"{outcome}\n")
