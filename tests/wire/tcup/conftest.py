"""tcup as a process, an engine, a cloud in which two tests pass and five fail, and a Refstack server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_whitebox.core.wait import wait_for
from tests.doubles import openstack, refstack
from tests.doubles.openstack import Openstack
from tests.doubles.refstack import Refstack
from tests.wire.tcup.cloud import small
from tests.wire.tcup.cloud import variables as four
from tests.wire.tcup.engine import BASE, Engine, started

TCUP = Path(__file__).parents[3] / "tcup" / "tcup.py"
_PASSED_ON = ("PATH", "HOME", "SSL_CERT_FILE", "LANG", *(f"{name}_PROXY" for name in ("HTTP", "HTTPS", "NO")))


@dataclass
class Run:
    """A tcup that runs, or has; ``folder`` is where it was started."""

    folder: Path
    process: subprocess.Popen[str]
    started: Path

    @property
    def said(self) -> str:
        """All that it has printed until now."""
        return self.started.read_text()

    def wait(self) -> int:
        """Its exit status."""
        return self.process.wait(280)

    def until(self, words: str) -> None:
        """Wait for a text in what it prints."""
        wait_for(lambda: words in self.said or self.process.poll() is not None, timeout=240, what=words, hint=self.said)
        assert words in self.said, self.said

    @property
    def results(self) -> Path:
        """The folder of its results."""
        (found,) = (self.folder / "tcup-results").iterdir()
        return found


Tcup = Callable[..., Run]


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    with started() as engine:
        yield engine


@pytest.fixture(scope="module")
def cloud() -> Openstack:
    return small()


@pytest.fixture(scope="module")
def auth_url(cloud: Openstack) -> Iterator[str]:
    with openstack.serve(cloud) as url:
        yield url


@pytest.fixture(scope="module")
def server() -> Iterator[Refstack]:
    with refstack.serve() as server:
        yield server


@pytest.fixture(scope="module")
def variables(auth_url: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    known = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {**known, **four(auth_url), "XDG_STATE_HOME": str(tmp_path_factory.mktemp("state"))}


@pytest.fixture(scope="module")
def tcup(variables: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tcup]:
    """Starts tcup.py with these words, and an engine if there is one; what still runs is killed."""
    runs: list[Run] = []

    def start(
        *words: str, engine: Engine | None = None, env: Mapping[str, str] | None = None, file: Path = TCUP
    ) -> Run:
        folder = tmp_path_factory.mktemp("tcup")
        known = {**variables, **(env or {}), **({"DOCKER_HOST": engine.address} if engine else {})}
        command = [sys.executable, str(file), *words]
        if engine:
            own = command.index("--") if "--" in command else len(command)
            command[own:own] = ["--base", BASE]
        with (folder / "said").open("w") as out:
            process = subprocess.Popen(
                command, cwd=folder, env=known, stdin=subprocess.DEVNULL, stdout=out, stderr=out, text=True
            )
        runs.append(Run(folder, process, folder / "said"))
        return runs[-1]

    yield start
    for run in runs:
        run.process.kill()
        run.process.wait()


@pytest.fixture
def nothing_left(engine: Engine) -> Callable[[], None]:
    """Waits until the engine has no container and no volume, and fails if some stay."""

    def check() -> None:
        wait_for(lambda: not engine.client.containers(all=True), timeout=60, what="no container")
        assert (engine.client.volumes()["Volumes"] or []) == []

    return check
