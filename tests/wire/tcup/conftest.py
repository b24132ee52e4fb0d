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
from tests.wire.tcup.engine import BASE, Engine, started

TCUP = Path(__file__).parents[3] / "tcup" / "tcup.py"
PASSWORD = 'Tr0ub4dor & "3<canary>/käse'
#: Seven tests of the guideline.
SELECTION = "--tempest=test_tokens|test_api_discovery|test_catalog"
PASSED = {
    "tempest.api.identity.v3.test_api_discovery.TestApiDiscovery.test_api_version_statuses",
    "tempest.api.identity.v3.test_tokens.TokensV3Test.test_create_token",
}
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
    services = {"identity": "v3", "compute": "v2.1", "image": "v2"}
    cloud = Openstack(services=services, roles=("member", "reader"))
    for name in ("cirros", "other"):
        about = {"status": "active", "visibility": "public", "disk_format": "qcow2", "container_format": "bare"}
        sizes = {"min_disk": 0, "min_ram": 0, "size": 100, "created_at": "2026-01-01T00:00:00Z"}
        cloud.put("image", "images", name=name, owner="admin-project", **about, **sizes)
        cloud.put("compute", "flavors", name=name, ram=64, vcpus=1, disk=0)
    return cloud


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
    four = {"OS_AUTH_URL": auth_url, "OS_USERNAME": "admin", "OS_TENANT_NAME": "admin", "OS_PASSWORD": PASSWORD}
    return {**known, **four, "XDG_STATE_HOME": str(tmp_path_factory.mktemp("state"))}


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
