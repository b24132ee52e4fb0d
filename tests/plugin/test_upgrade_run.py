"""An upgrade from its first test to its verdict: phases and a deployer's steps under one run, and what goes wrong."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from pytest_upgrade.configured.places import Places
from pytest_upgrade.deploying.at_work import Identity
from pytest_upgrade.store import Store
from pytest_whitebox.core.wait import wait_for

SUITE = """
import os, pytest

@pytest.mark.rolling
def test_rolls(): assert not os.path.exists("broken")

@pytest.mark.zero_downtime(probe="GET compute /servers")
def test_judges(): assert os.path.exists("upgraded")
"""
Upgrade = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def upgrade(pytester: pytest.Pytester, clouds_yaml: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Upgrade]:
    """``upgrade(*steps)``: `pytest-upgrade run` with a deployer of these shell scripts."""
    monkeypatch.setenv("HOME", str(pytester.path))
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makepyfile(test_it=SUITE)

    def run(
        *scripts: str, more: str = "", paused: int = 9, deployer: str = "command", go_on: str = "",
        options: Sequence[str] = (), arguments: Sequence[str] = (),
        killed_when: Callable[[], object] | None = None, by: int = signal.SIGKILL,
    ) -> subprocess.CompletedProcess[str]:  # fmt: skip
        steps = [
            f"  - {{id: s{n}, service: nova, command: [sh, -c, '{text}']{more if n < paused else ''}}}"
            for n, text in enumerate(scripts)
        ]
        Path("steps.yaml").write_text("\n".join(["steps:", *steps, ""]))
        words = [sys.executable, "-m", "pytest_upgrade.cli", "run", "--deployer", deployer, "--os-cloud", "lab"]
        words += ["--deployer-file", "steps.yaml", "--grace", "5", *options]
        words += [*(["--upgrade-run", go_on] if go_on else []), "--", "-p", "no:cacheprovider", *arguments]
        if killed_when is None:
            return subprocess.run(words, capture_output=True, text=True, timeout=900, check=False)
        with Path("killed.out").open("w") as output:
            process = subprocess.Popen(words, stdout=output, stderr=subprocess.STDOUT)
            wait_for(killed_when, timeout=600, what="the moment at which it is killed")
            process.send_signal(by)
            process.wait(timeout=600)
        return subprocess.CompletedProcess(words, process.returncode, Path("killed.out").read_text(), "")

    yield run
    for file in Path(".stackproof/upgrades/at-work").glob("*.json"):
        given = json.loads(file.read_text())
        if Identity(**given["process"]).lives:
            (os.killpg if given["leads"] else os.kill)(given["process"]["pid"], signal.SIGKILL)


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
    # Who judges the end of the upgrade has waited for it, and was not asked at the pause.
    with Store.open(Places(pytester.path / ".stackproof/upgrades").url) as store:
        assert len(store.outcomes.of(the_run(pytester), tag="zero_downtime")) == 1


def test_smoke_tests_run_between_the_steps_and_not_beside_them(pytester: pytest.Pytester, upgrade: Upgrade) -> None:
    pytester.makepyfile(test_smoke="import pytest\n@pytest.mark.smoke\ndef test_it(): pass")
    done = upgrade("touch upgraded", more=", pause: true", arguments=["--upgrade-smoke=1m"])
    assert (done.returncode, done.stderr) == (0, "")
    with Store.open(Places(pytester.path / ".stackproof/upgrades").url) as store:
        (run,) = store.runs()
        assert [one.phase for one in store.outcomes.of(run.id, tag="smoke")] == ["pre", "during", "post"]
        beside = store.attempts.of(run.id, phase="during")[0]
        assert beside.outcome == "passed"


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
    assert "no deployer is called 'mule'; choose from ansible, command, devcloud, manual" in done.stderr
    assert not Path(".stackproof").exists()


#: A step that is at work until it may end; it is done a second time in no time.
WORK = "echo $$ >pid; while [ ! -e go ]; do sleep 0.1; echo works; done; touch upgraded"


def at_work() -> int | None:
    """The process of the step, once it is at work."""
    file = Path("pid")
    return int(file.read_text()) if file.exists() and file.read_text().strip() else None


def lives(pid: int | None) -> bool:
    return pid is not None and Identity.of(pid) is not None


def the_run(pytester: pytest.Pytester) -> str:
    with Store.open(Places(pytester.path / ".stackproof/upgrades").url) as store:
        return store.runs()[-1].id


def phase_during() -> int:
    """The process of the phase beside the upgrade."""
    said = subprocess.run(["pgrep", "-f", "--", f"--phase=during.*{Path.cwd()}"], capture_output=True, text=True)
    return int(said.stdout.split()[0])


def test_step_that_a_killed_run_has_left_is_named_and_waited_for(pytester: pytest.Pytester, upgrade: Upgrade) -> None:
    upgrade(WORK, killed_when=at_work)
    left, beside = at_work(), phase_during()
    assert lives(left)
    assert lives(beside)

    def waits() -> bool:
        if found := "waiting for its end" in Path("killed.out").read_text():
            Path("go").touch()
        return found

    done = upgrade(WORK, go_on=the_run(pytester), killed_when=waits, by=0)
    assert done.returncode == 0
    assert f"step s0 (process {left}: sh -c {WORK}"[:60] in done.stdout
    assert "is left at work by a run that was killed; waiting for its end" in done.stdout
    assert f"phase during (process {beside}: " in done.stdout
    assert not lives(beside)
    assert done.stdout.index("phase during (") < done.stdout.index("step s0: sh -c")


def test_step_that_a_killed_run_has_left_is_aborted_if_that_is_wished(
    pytester: pytest.Pytester, upgrade: Upgrade
) -> None:
    apart = "setsid sleep 600 & echo $! >apart; "
    upgrade(f"[ -e again ] || {{ {apart}{WORK}; }}; touch upgraded", killed_when=at_work)
    left, child = at_work(), int(Path("apart").read_text())
    assert lives(left)
    assert lives(child)
    Path("again").touch()
    done = upgrade(
        f"[ -e again ] || {{ {apart}{WORK}; }}; touch upgraded", go_on=the_run(pytester), options=["--abort-left"]
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "is left at work by a run that was killed; it is aborted" in done.stdout
    assert not lives(left)
    assert not lives(child)
    assert not list(Path(".stackproof/upgrades/at-work").iterdir())


#: A test that never ends in the phase whose name stands in a file.
HELD = """
import pathlib, signal, pytest

@pytest.mark.rolling
def test_rolls(upgrade):
    held = pathlib.Path("held")
    if held.exists() and held.read_text() == upgrade.phase:
        held.rename("reached")
        signal.pause()
"""


@pytest.mark.parametrize("phase", ["pre", "during", "post"])
def test_run_that_was_killed_in_any_phase_is_gone_on_with(
    pytester: pytest.Pytester, upgrade: Upgrade, phase: str
) -> None:
    pytester.makepyfile(test_it=HELD)
    Path("held").write_text(phase)
    wait = "while [ ! -e reached ]; do sleep 0.1; done; " if phase == "during" else ""
    steps = (f"{wait}touch first", f"[ -e again ] || [ {phase} != during ] || sleep 600; echo once >>second")
    upgrade(*steps, killed_when=lambda: Path("reached" if phase != "during" else "first").exists())
    Path("again").touch()
    done = upgrade(*steps, go_on=the_run(pytester), options=["--abort-left"])

    assert (done.returncode, done.stderr) == (0, "")
    assert f"phase {phase} (process " in done.stdout
    assert Path("second").read_text() == "once\n"
    # What was killed has no outcome; all else has passed, and nothing that had was done again.
    expected = {"pre": ["pre", "pre", "during", "post"], "during": ["pre", "during", "during", "post"],
                "post": ["pre", "during", "post", "during", "post"]}  # fmt: skip
    assert [name for name, _ in phases(pytester)] == expected[phase]
    assert [name for name, outcome in phases(pytester) if outcome != "passed"] == [phase]


def test_run_that_is_told_to_end_leaves_nothing_at_work(pytester: pytest.Pytester, upgrade: Upgrade) -> None:
    ended = upgrade(WORK, killed_when=at_work, by=signal.SIGTERM)
    assert ended.returncode == 130
    assert not lives(at_work())
    assert [one for one in phases(pytester) if not one[1]] == []
    assert events(pytester)[-1] == ("end", "", None)


def test_two_runs_in_one_cloud_are_refused(pytester: pytest.Pytester, upgrade: Upgrade) -> None:
    second: list[subprocess.CompletedProcess[str]] = []

    def refused() -> bool:
        if at_work():
            second.append(upgrade("true"))
            Path("go").touch()
        return bool(second)

    upgrade(WORK, killed_when=refused, by=0)
    assert second[0].returncode == 3
    assert re.search(r"another `pytest-upgrade run` is at work in this cloud: process \d+; wait", second[0].stderr)
