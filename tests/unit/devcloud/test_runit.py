"""What is left of a service when it or its supervisor was killed."""

from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import Iterator

import pytest

from devcloud.hosts.host import Host
from devcloud.hosts.namespace import Holder
from devcloud.services import runit
from devcloud.services.runit import Process, Supervised
from devcloud.topology import Topology
from pytest_whitebox.core.wait import wait_for


@pytest.fixture
def here() -> Host:
    """This machine, as if it were a host."""
    return Host(Topology(97).controller, Holder("controller", os.getpid()))


@pytest.fixture
def service() -> str:
    return f"service-{uuid.uuid4()}"


@pytest.fixture
def process(here: Host, service: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the service that no supervisor knows."""
    with subprocess.Popen(["sleep", "60"], env={**os.environ, "DEVCLOUD_SERVICE": service}) as left:
        try:
            wait_for(lambda: service in runit.processes(here), timeout=5, what="the process to be there")
            yield left
        finally:
            left.kill()


def test_processes_are_known_by_their_service(here: Host, service: str, process: subprocess.Popen[bytes]) -> None:
    (found,) = runit.processes(here)[service]
    assert (found.pid, found.parent, found.state) == (process.pid, os.getpid(), "S")
    assert found.began > 0


def test_what_nobody_supervises_is_a_stray_and_is_ended(
    here: Host, service: str, process: subprocess.Popen[bytes]
) -> None:
    assert runit.end_strays(here, service)
    assert process.wait(timeout=5) == -9
    assert not runit.end_strays(here, service)


def test_only_what_is_older_than_the_daemon_is_a_stray() -> None:
    old, main, child = Process(5, 1, "S", 10), Process(9, 2, "S", 70), Process(11, 1, "S", 75)
    assert runit.strays([main, old, child], Supervised(True, 9, 4, 0, "")) == [old]
    assert runit.strays([main, child], Supervised(True, 9, 4, 0, "")) == []
    assert runit.strays([child], Supervised(False, None, 4, 0, "")) == [child]
