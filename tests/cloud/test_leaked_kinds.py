"""Dozens of kinds of things, in all the states that things get stuck in, go back to their tests, and go."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from devcloud.state import State
from pytest_whitebox.core.command import Result
from pytest_whitebox.core.wait import wait_for
from tests.cloud.conftest import Program
from tests.cloud.devcloud import Devcloud
from tests.cloud.leaky import NAME, STUCK

pytestmark = pytest.mark.slow
#: How many kinds there have to be.
KINDS = 25
#: States that the service that has them does not easily let go of.
STATES = {f"{NAME}-in-error": "ERROR", **{f"{NAME}-{state}": state for state in STUCK}}


@pytest.fixture
def hung_compute(state: State) -> Iterator[Callable[[], Result]]:
    """Have nova-compute of the last host hang, until Nova has it down; it goes on afterwards."""
    devcloud = Devcloud(state.path)
    yield lambda: devcloud("break", "compute-hung")
    devcloud("mend", "compute-hung", check=False)


@pytest.fixture
def leaks(program: Program, state: State, tmp_path: Path, connect: Callable[[str], Any]) -> list[dict[str, Any]]:
    """What the leaky tests have left, as their run has told it."""
    for name in ("devcloud", "devcloud-alpha", "devcloud-beta"):
        # Neutron makes the group `default` of a project when somebody first looks.
        assert list(connect(name).network.security_groups())
    shutil.copy(Path(__file__).with_name("leaky.py"), tmp_path / "test_leaky.py")
    words = ("--cleanup=report", "-n", "2", "-p", "no:cacheprovider", "test_leaky.py")
    done = program("pytest", *words, LEAKY_HOST=f"compute{state.settings().computes}")
    assert done.rc == 0, done.stdout[-8000:]
    found: list[dict[str, Any]] = json.loads((tmp_path / ".stackproof/runs/latest/leaks.json").read_text())["leaks"]
    return found


def test_leaks_of_many_kinds_go_back_to_their_tests_and_go(
    leaks: list[dict[str, Any]], program: Program, hung_compute: Callable[[], Result], state: State,
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
    done = program("pytest_cleanup.cli", "restore", "--scope", "run:.stackproof/runs/latest", "--json", "done.json")
    assert done.rc == 0, done.stdout[-8000:] + done.stderr
    assert "; the cloud is as it was" in done.stdout

    Devcloud(state.path)("mend", "compute-hung")
    after = program("pytest_cleanup.cli", "report", "--snapshot", ".stackproof/runs/latest/snapshot.json")
    assert after.rc == 0, after.stdout
