"""Ctrl-C in a run with workers."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_whitebox.core.wait import wait_for

#: The undo of the test takes for as long as the test wants it to: longer than xdist waits for its workers.
CONFTEST = """
    from xdist.workermanage import NodeManager

    NodeManager.EXIT_TIMEOUT = 0.1
"""
TEST = """
    from pathlib import Path
    from pytest_whitebox.core.wait import wait_for

    def test_it(ledger):
        def undo():
            Path("undoing").touch()
            wait_for(Path("go").exists, timeout=60, every=0.05, what="the word to go on")
            Path("undone").touch()

        ledger.add("it", undo)
        Path("began").touch()
        wait_for(Path("never").exists, timeout=60, every=0.05, what="an end")
"""


def begun(pytester: pytest.Pytester) -> subprocess.Popen[bytes]:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(TEST)
    words = [sys.executable, "-m", "pytest", "-n", "1", "-p", "no:cacheprovider"]
    process = subprocess.Popen(words, cwd=pytester.path, stdout=subprocess.PIPE, start_new_session=True)
    wait_for((pytester.path / "began").exists, timeout=60, every=0.05, what="the test to begin")
    return process


def end_of(process: subprocess.Popen[bytes]) -> str:
    said, _ = process.communicate(timeout=60)
    assert process.returncode == pytest.ExitCode.INTERRUPTED
    return said.decode()


@pytest.mark.parametrize("whom", ["run", "terminal"])
def test_workers_undo_what_they_did_before_the_run_ends(pytester: pytest.Pytester, whom: str) -> None:
    process, folder = begun(pytester), Path(pytester.path)
    if whom == "run":
        process.send_signal(signal.SIGINT)
    else:
        subprocess.run(["kill", "-INT", "--", f"-{process.pid}"], check=True)
    wait_for((folder / "undoing").exists, timeout=60, every=0.05, what="the undo to begin")
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=2)
    (folder / "go").touch()

    assert "1 worker undoes what it did" in end_of(process)
    assert (folder / "undone").exists()


def test_second_one_ends_the_workers_at_once(pytester: pytest.Pytester) -> None:
    process, folder = begun(pytester), Path(pytester.path)
    process.send_signal(signal.SIGINT)
    wait_for((folder / "undoing").exists, timeout=60, every=0.05, what="the undo to begin")
    process.send_signal(signal.SIGINT)

    end_of(process)
    assert not (folder / "undone").exists()
