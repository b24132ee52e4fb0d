"""The way into a container: with podman itself where it runs, and with what stands in for it on a host of Kolla."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.processes import Engine
from pytest_whitebox.core.transports import Container, ContainerTransport, LocalTransport, SshTransport, Transport
from pytest_whitebox.core.transports.contract import TransportContract
from pytest_whitebox.core.wait import wait_for

from .layout import host_with
from .layouts import CASES

#: Works also where a machine has cgroups of both versions, or lets nobody raise a limit.
_RUN = [
    "run",
    "--detach",
    "--network",
    "host",
    "--pid",
    "host",
    "--ulimit",
    "nofile=1024:1024",
    "--ulimit",
    "nproc=1024:1024",
    "--runtime",
]


class Contract(TransportContract):
    @pytest.fixture
    def folder(self, transport: Transport) -> str:
        return transport.run(["mktemp", "-d"]).stdout.strip()


@pytest.fixture(scope="module")
def podman(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    """A container over the root of this machine; skips where podman cannot run one."""
    program, runtime = shutil.which("podman"), shutil.which("runc") or shutil.which("crun")
    if program is None or runtime is None:
        pytest.skip("needs podman and runc")
    folder = tmp_path_factory.mktemp("podman")
    engine = folder / "podman"
    engine.write_text(f'#!/bin/sh\nexec {program} --root {folder}/r --runroot {folder}/s --storage-driver vfs "$@"\n')
    engine.chmod(0o755)
    command = [str(engine), *_RUN, runtime, "--name", "lab", "--rootfs", "/:O", "sleep", "infinity"]
    try:
        started = subprocess.run(command, capture_output=True, text=True, timeout=60)
        if started.returncode:
            pytest.skip(f"podman runs no containers here: {started.stderr.strip()}")
        yield Container("lab", str(engine))
    finally:
        subprocess.run([engine, "rm", "--force", "--time", "0", "lab"], capture_output=True, timeout=60)


class TestPodman(Contract):
    @pytest.fixture
    def transport(self, podman: Container) -> Transport:
        return ContainerTransport(LocalTransport(), podman)


class TestPodmanThroughSsh(Contract):
    @pytest.fixture
    def transport(self, ssh: SshTransport, podman: Container) -> Transport:
        return ContainerTransport(ssh, podman)


def test_a_container_that_podman_does_not_have_is_named(podman: Container) -> None:
    _is_named(ContainerTransport(LocalTransport(), Container("gone", podman.engine)))


def test_what_is_written_in_a_container_is_not_on_its_host(podman: Container) -> None:
    inside = ContainerTransport(LocalTransport(), podman)
    path = f"{inside.run(['mktemp', '-d', '-p', '/opt']).stdout.strip()}/file"
    inside.write(path, b"inside")
    assert inside.read(path) == b"inside"
    assert not Path(path).exists()


@pytest.fixture(scope="module")
def kolla(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshTransport]:
    with host_with(CASES["kolla"].layout, tmp_path_factory.mktemp("host")) as server:
        transport = server.transport()
        status = partial(Engine("docker").status, transport, "nova_libvirt")
        wait_for(lambda: status().running, timeout=30, every=0.1, what="the container to run")
        yield transport
        transport.close()


class TestOnAHostOfKolla(Contract):
    @pytest.fixture
    def transport(self, kolla: SshTransport) -> Transport:
        return ContainerTransport(kolla, Container("nova_libvirt", "docker"))


def test_a_container_that_docker_does_not_have_is_named(kolla: SshTransport) -> None:
    _is_named(ContainerTransport(kolla, Container("gone", "docker")))


def _is_named(transport: Transport) -> None:
    with pytest.raises(StackproofError, match="container gone does not run on") as caught:
        transport.run(["true"])
    assert "ps -a" in caught.value.hint
    with pytest.raises(StackproofError, match="container gone does not run on"), transport.hold(["cat"]):
        pass
