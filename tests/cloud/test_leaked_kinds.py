"""Dozens of kinds of things, in all the states that things get stuck in, go back to their tests, and go."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from devcloud.state import State
from pytest_whitebox.core.command import Result, run
from pytest_whitebox.core.wait import wait_for
from tests.cloud.devcloud import Devcloud
from tests.cloud.leaky import NAME, STUCK

pytestmark = pytest.mark.slow
#: How many kinds there have to be.
KINDS = 25
#: States that the service that has them does not easily let go of.
STATES = {f"{NAME}-in-error": "ERROR", **{f"{NAME}-{state}": state for state in STUCK}}
Command = Callable[..., Result]


@pytest.fixture
def command(tmp_path: Path, state: State) -> Command:
    """``command("pytest_cleanup.cli", "report")``: a module as a program, in a folder of its own."""
    outer = {name: value for name, value in os.environ.items() if not name.startswith(("OS_", "PYTEST_", "TMPDIR"))}
    last = f"compute{state.settings().computes}"
    env = {**outer, "OS_CLIENT_CONFIG_FILE": str(state.clouds_yaml), "OS_CLOUD": "devcloud", "LEAKY_HOST": last}

    def run_it(*words: str) -> Result:
        return run([sys.executable, "-m", *words], cwd=str(tmp_path), check=False, timeout=3000, env=env)

    return run_it


@pytest.fixture
def hung_compute(state: State) -> Iterator[Callable[[], Result]]:
    """Have nova-compute of the last host hang, until Nova has it down; it goes on afterwards."""
    devcloud = Devcloud(state.path)
    yield lambda: devcloud("break", "compute-hung")
    devcloud("mend", "compute-hung", check=False)


@pytest.fixture
def leaks(command: Command, tmp_path: Path, connect: Callable[[str], Any]) -> list[dict[str, Any]]:
    """What the leaky tests have left, as their run has told it."""
    for name in ("devcloud", "devcloud-alpha", "devcloud-beta"):
        # Neutron makes the group `default` of a project when somebody first looks.
        assert list(connect(name).network.security_groups())
    shutil.copy(Path(__file__).with_name("leaky.py"), tmp_path / "test_leaky.py")
    words = ("--cleanup=report", "-n", "2", "-p", "no:cacheprovider", "test_leaky.py")
    done = command("pytest", "--os-cloud", "devcloud", *words)
    assert done.rc == 0, done.stdout[-8000:]
    found: list[dict[str, Any]] = json.loads((tmp_path / ".stackproof/runs/latest/leaks.json").read_text())["leaks"]
    return found


def test_leaks_of_many_kinds_go_back_to_their_tests_and_go(
    leaks: list[dict[str, Any]], command: Command, hung_compute: Callable[[], Result], state: State,
    connect: Callable[[str], Any],
) -> None:  # fmt: skip
    kinds = Counter(leak["kind"] for leak in leaks)
    assert len(kinds) >= KINDS, kinds
    strange = [
        leak for leak in leaks if not (leak["attribution"] or {}).get("nodeid", "").startswith("test_leaky.py::")
    ]
    assert strange == []
    states = {leak["name"]: leak.get("status") for leak in leaks if leak.get("name") in STATES}
    assert states == STATES

    hung_compute()
    compute: Any = connect("devcloud").compute
    wait_for(
        lambda: [one for one in compute.services() if one.state == "down"], timeout=150, every=2, what="a host down"
    )
    done = command("pytest_cleanup.cli", "restore", "--scope", "run:.stackproof/runs/latest", "--json", "done.json")
    assert done.rc == 0, done.stdout[-8000:] + done.stderr
    assert "; the cloud is as it was" in done.stdout

    Devcloud(state.path)("mend", "compute-hung")
    after = command("pytest_cleanup.cli", "report", "--snapshot", ".stackproof/runs/latest/snapshot.json")
    assert after.rc == 0, after.stdout
