"""The cloud that these tests are about: the one in DEVCLOUD_STATE, which must be up."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from devcloud.state import DEFAULT, State
from pytest_whitebox.core.command import Result, run
from tests.cloud.guest import Guest, guest

#: ``program("pytest_cleanup.cli", "report")``
Program = Callable[..., Result]


@pytest.fixture(scope="session")
def state() -> State:
    """The state folder of the cloud; an error, not a skip, if there is no cloud in it."""
    found = State(Path(os.environ.get("DEVCLOUD_STATE") or DEFAULT).absolute())
    found.settings()
    return found


@pytest.fixture(scope="session")
def connect(state: State) -> Callable[[str], Any]:
    """Connections by the names in the cloud's clouds.yaml."""
    from openstack.config import OpenStackConfig
    from openstack.connection import Connection

    def connection(name: str) -> Any:
        return Connection(config=OpenStackConfig(config_files=[str(state.clouds_yaml)]).get_one(cloud=name))

    return connection


@pytest.fixture
def program(tmp_path: Path, state: State) -> Program:
    """Runs a module as a program of a user of the cloud, in a folder of its own; more variables come by keyword."""
    outer = {name: text for name, text in os.environ.items() if not name.startswith(("OS_", "PYTEST_", "TMPDIR"))}
    user = {**outer, "OS_CLIENT_CONFIG_FILE": str(state.clouds_yaml), "OS_CLOUD": "devcloud"}

    def run_it(*words: str, **variables: str) -> Result:
        line = [sys.executable, "-m", *words]
        return run(line, cwd=str(tmp_path), check=False, timeout=3000, env={**user, **variables})

    return run_it


@pytest.fixture(scope="session")
def server(state: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guest]:
    """A guest of project alpha with a volume, a floating IP and a security group that opens port 22."""
    with guest(state.clouds_yaml, tmp_path_factory.mktemp("guest")) as made:
        yield made
