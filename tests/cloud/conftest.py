"""The cloud that these tests are about: the one in DEVCLOUD_STATE, which must be up."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from devcloud.state import DEFAULT, State
from tests.cloud.guest import Guest, guest


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


@pytest.fixture(scope="session")
def server(state: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guest]:
    """A guest of project alpha with a volume, a floating IP and a security group that opens port 22."""
    with guest(state.clouds_yaml, tmp_path_factory.mktemp("guest")) as made:
        yield made
