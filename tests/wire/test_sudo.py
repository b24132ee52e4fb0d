"""Users other than root, on a host with a sudoers of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.hosts import Host
from pytest_whitebox.core.transports import SshTransport, Transport
from pytest_whitebox.core.transports.contract import TransportContract

from .conftest import SshServer
from .layout import Bare, Layout, host_with

FILES = {
    "/etc/passwd": "root:x:0:0::/root:/bin/sh\nsshd:x:101:65534::/run/sshd:/usr/sbin/nologin\n"
    "stack:x:1001:1001::/tmp:/bin/sh\nguest:x:1002:1002::/tmp:/bin/sh\n",
    "/etc/group": "root:x:0:\nstack:x:1001:\nguest:x:1002:\nnogroup:x:65534:\n",
    "/etc/shadow": "root:*:1::::::\nstack:*:1::::::\nguest:*:1::::::\n",
    "/etc/sudoers": "Defaults secure_path=/usr/sbin:/usr/bin:/sbin:/bin\nstack ALL=(ALL) NOPASSWD: ALL\n",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    if not shutil.which("sudo"):
        pytest.skip("needs the program sudo")
    with host_with(Layout(FILES, (), absent=("virsh",)), tmp_path_factory.mktemp("host")) as server:
        yield server


def _as(server: SshServer, user: str) -> SshTransport:
    return SshTransport("server", ssh_config=server.config(User=user))


class TestAsAnotherUser(TransportContract):
    @pytest.fixture
    def transport(self, server: SshServer) -> Iterator[Transport]:
        made = _as(server, "stack")
        yield made
        made.close()

    @pytest.fixture
    def folder(self, transport: Transport) -> str:
        return transport.run(["mktemp", "-d", "-p", "/root"]).stdout.strip()


def test_another_user_works_as_root(server: SshServer) -> None:
    transport = _as(server, "stack")
    assert transport.run(["id", "-un"]).stdout == "root\n"
    assert transport.run(["printenv", "SUDO_USER"]).stdout == "stack\n"
    transport.close()


def test_a_user_without_sudo_is_told_so(server: SshServer) -> None:
    transport = _as(server, "guest")
    with pytest.raises(StackproofError, match=r"ssh guest@.* may not become root: sudo wants a password") as caught:
        transport.run(["true"])
    assert "NOPASSWD" in caught.value.hint
    with pytest.raises(StackproofError, match="may not become root"), transport.hold(["cat"]):
        pass
    with pytest.raises(StackproofError, match="may not become root"):
        transport.read("/etc/shadow")
    transport.close()


def test_what_a_command_says_of_sudo_is_not_taken_for_it(server: SshServer) -> None:
    transport = _as(server, "stack")
    said = transport.run(["sh", "-c", "echo first >&2; echo sudo: a password is required >&2; exit 1"], check=False)
    assert said.rc == 1
    transport.close()


def test_a_host_without_sudo_says_so(tmp_path: Path) -> None:
    with host_with(Layout(FILES, (), absent=("sudo",)), tmp_path) as server:
        transport = _as(server, "stack")
        with pytest.raises(StackproofError, match="there is no sudo on ssh stack@") as caught:
            transport.run(["true"])
        assert "log in as root" in caught.value.hint
        transport.close()


def test_a_host_without_virsh_says_so(server: SshServer) -> None:
    host = Host("server", _as(server, "stack"), deployment=Bare())
    with pytest.raises(StackproofError, match="there is no virsh on ssh stack@") as caught:
        host.virsh("list")
    assert "libvirt" in caught.value.hint
    host.close()
