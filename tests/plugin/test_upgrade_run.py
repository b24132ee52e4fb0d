"""An upgrade from its first test to its verdict: phases and a deployer's steps under one run, and what goes wrong."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_upgrade.places import Places
from pytest_upgrade.store import Store

SUITE = """
import os, pytest

@pytest.mark.rolling
def test_rolls(): assert not os.path.exists("broken")

@pytest.mark.zero_downtime(probe="GET compute /servers")
def test_judges(): assert os.path.exists("upgraded")
"""
Upgrade = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def upgrade(pytester: pytest.Pytester, clouds_yaml: Path, monkeypatch: pytest.MonkeyPatch) -> Upgrade:
    """``upgrade(*steps)``: `pytest-upgrade run` with a deployer of these shell scripts."""
    monkeypatch.setenv("HOME", str(pytester.path))
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makepyfile(test_it=SUITE)

    def run(
        *scripts: str, more: str = "", paused: int = 9, deployer: str = "command", go_on: str = ""
    ) -> subprocess.CompletedProcess[str]:
        steps = [
            f"  - {{id: s{n}, service: nova, command: [sh, -c, '{text}']{more if n < paused else ''}}}"
            for n, text in enumerate(scripts)
        ]
        Path("steps.yaml").write_text("\n".join(["steps:", *steps, ""]))
        words = [sys.executable, "-m", "pytest_upgrade.cli", "run", "--deployer", deployer, "--os-cloud", "lab"]
        words += [
            "--deployer-file",
            "steps.yaml",
            "--grace",
            "2",
            *(["--upgrade-run", go_on] if go_on else []),
            "--",
            "-p",
            "no:cacheprovider",
        ]
        return subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)

    return run


def events(pytester: pytest.Pytester) -> list[tuple[str, str, bool | None]]:
    with Store.open(Places(pytester.path / ".stackproof/upgrades").url) as store:
        (run,) = store.runs()
        return [(one.kind, one.step, one.ok) for one in store.events.of(run.id)]


def phases(pytester: pytest.Pytester) -> list[tuple[str, str]]:
    with Store.open(Places(pytester.path / ".stackproof/upgrades").url) as store:
        (run,) = store.runs()
        return [(one.phase, one.outcome) for one in store.attempts.of(run.id)]


def test_steps_are_done_between_the_phases_of_one_run(pytester: pytest.Pytester, upgrade: Upgrade) -> None:
    done = upgrade("touch upgraded", "echo two", more=", pause: true", paused=1)
    assert (done.returncode, done.stderr) == (0, "")
    # The second `during` is the look between the releases, at the pause after the first step.
    assert [phase for phase, _ in phases(pytester)] == ["pre", "during", "during", "post"]
    assert {outcome for _, outcome in phases(pytester)} == {"passed"}
    assert events(pytester) == [
        ("begin", "", None), ("begin", "s0", None), ("end", "s0", True), ("begin", "s1", None), ("end", "s1", True),
        ("end", "", None),
    ]  # fmt: skip
    assert "planned: s0: sh -c 'touch upgraded'" in done.stdout


def test_failed_step_ends_the_upgrade_and_is_the_verdict(pytester: pytest.Pytester, upgrade: Upgrade) -> None:
    done = upgrade("echo no space left; exit 3", "touch upgraded")
    assert done.returncode == 1
    assert "step s0 FAILED: exited with 3: no space left" in done.stdout
    assert ("begin", "s1", None) not in events(pytester)
    # The second `during` is the look at what the failed step has left.
    assert [phase for phase, _ in phases(pytester)] == ["pre", "during", "during"]


def test_run_goes_on_after_what_was_passed_and_done(pytester: pytest.Pytester, upgrade: Upgrade) -> None:
    first = upgrade("echo once >>first", "test -e mended", "touch upgraded")
    assert first.returncode == 1
    (run,) = re.findall(r"go on with it by `--upgrade-run (\w+)`", first.stdout)
    Path("mended").touch()
    again = upgrade("echo once >>first", "test -e mended", "touch upgraded", go_on=run)
    assert (again.returncode, again.stderr) == (0, "")
    assert Path("first").read_text() == "once\n"
    assert "step s0 was done before" in again.stdout
    assert [phase for phase, _ in phases(pytester)] == ["pre", "during", "during", "during", "post"]
    assert phases(pytester)[-1] == ("post", "passed")


def test_run_whose_tests_did_not_pass_before_takes_them_again(pytester: pytest.Pytester, upgrade: Upgrade) -> None:
    Path("broken").touch()
    assert upgrade("touch upgraded").returncode == 1
    with Store.open(Places(pytester.path / ".stackproof/upgrades").url) as store:
        (run,) = store.runs()
    Path("broken").unlink()
    assert upgrade("touch upgraded", go_on=run.id).returncode == 0
    assert [phase for phase, _ in phases(pytester)] == ["pre", "pre", "during", "post"]


def test_step_that_hangs_is_aborted(pytester: pytest.Pytester, upgrade: Upgrade) -> None:
    done = upgrade("sleep 600", more=", timeout: 2s")
    assert done.returncode == 1
    assert "step s0 FAILED: did not end within 2 s and was aborted" in done.stdout
    assert events(pytester)[-2:] == [("end", "s0", False), ("end", "", None)]


def test_nothing_is_upgraded_if_pre_fails(pytester: pytest.Pytester, upgrade: Upgrade) -> None:
    Path("broken").touch()
    done = upgrade("touch upgraded")
    assert done.returncode == 1
    assert "pre ended with 1: nothing is upgraded" in done.stdout
    assert not Path("upgraded").exists()


def test_failure_after_the_upgrade_is_the_verdict(pytester: pytest.Pytester, upgrade: Upgrade) -> None:
    done = upgrade("touch upgraded broken")
    assert done.returncode == 1
    assert phases(pytester)[-1] == ("post", "failed")


def test_deployer_that_is_not_known_is_told_before_anything_is_begun(
    pytester: pytest.Pytester, upgrade: Upgrade
) -> None:
    done = upgrade("true", deployer="mule")
    assert done.returncode == 3
    assert "no deployer is called 'mule'; choose from command, devcloud, manual" in done.stderr
    assert not Path(".stackproof").exists()
