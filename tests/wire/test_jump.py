"""A host that only another host reaches, as the overcloud is reached from the undercloud: three networks, two hops."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.hosts.hosts import way_to
from pytest_whitebox.core.hosts.known import gather
from pytest_whitebox.core.hosts.report import Sighting
from pytest_whitebox.core.inventories import Inventory, load
from pytest_whitebox.core.transports import Login, Transport

from .conftest import SshServer, start_sshd, stop

NETWORK = f"198.18.{os.getpid() % 256}"
HERE, UNDER, WITHIN, OVER = (f"{NETWORK}.{last}" for last in (1, 2, 5, 6))


@contextmanager
def _namespace() -> Iterator[int]:
    """A network namespace that lives as long as the process that it is called after."""
    with subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        holder.stdin.write(b"\n")
        holder.stdin.flush()
        holder.stdout.read(1)
        subprocess.run(_inside(holder.pid, "ip", "link", "set", "lo", "up"), check=True)
        yield holder.pid


def _inside(pid: int | None, *command: str) -> list[str]:
    return [*(["nsenter", "-t", str(pid), "--net", "--"] if pid else []), *command]


def _link(left: int | None, right: int, name: str, addresses: tuple[str, str]) -> None:
    """A cable between two namespaces, with an address at each end."""
    far = f"{name}x"
    own = ["netns", str(left)] if left else []
    subprocess.run(["ip", "link", "add", name, *own, "type", "veth", "peer", far, "netns", str(right)], check=True)
    for pid, device, address in ((left, name, addresses[0]), (right, far, addresses[1])):
        subprocess.run(_inside(pid, "ip", "addr", "add", f"{address}/30", "dev", device), check=True)
        subprocess.run(_inside(pid, "ip", "link", "set", device, "up"), check=True)


@contextmanager
def _server(folder: Path, pid: int, address: str) -> Iterator[SshServer]:
    folder.mkdir(parents=True)
    server = start_sshd(folder, address=address, within=_inside(pid))
    try:
        yield server
    finally:
        stop(server.process)


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Inventory, Path]]:
    """A machine that reaches the undercloud, which alone reaches the overcloud, and an inventory that says so."""
    if os.geteuid() != 0:
        pytest.skip("needs root, for network namespaces")
    folder = tmp_path_factory.mktemp("jump")
    with ExitStack() as stack:
        under, over = stack.enter_context(_namespace()), stack.enter_context(_namespace())
        _link(None, under, f"sp{os.getpid()}", (HERE, UNDER))
        _link(under, over, "within", (WITHIN, OVER))
        first = stack.enter_context(_server(folder / "under", under, UNDER))
        second = stack.enter_context(_server(folder / "over", over, OVER))
        (folder / "known_hosts").write_text(
            "".join((one.folder / "known_hosts").read_text() for one in (first, second))
        )
        (folder / "ssh_config").write_text(f"Host *\n    UserKnownHostsFile {folder}/known_hosts\n")
        (folder / "lab.yaml").write_text(
            f"defaults: {{user: root, jump: undercloud}}\n"
            f"hosts:\n"
            f"  undercloud: {{address: {UNDER}, port: {first.port}, key: {first.folder}/user_key}}\n"
            f"  compute-0: {{address: {OVER}, port: {second.port}, key: {second.folder}/user_key}}\n"
        )
        yield load(folder / "lab.yaml"), folder / "ssh_config"


@pytest.fixture
def way(inventory: tuple[Inventory, Path]) -> Iterator[Transport]:
    read, ssh_config = inventory
    (known,) = gather([Sighting("nova-compute", "compute-0", True, "")], [], read)
    transport = way_to(known, ssh_config, read.login)
    yield transport
    transport.close()


def over(inventory: tuple[Inventory, Path]) -> Login:
    return next(host.login for host in inventory[0].hosts if host.name == "compute-0")


def test_the_overcloud_is_not_reached_from_here(inventory: tuple[Inventory, Path]) -> None:
    with pytest.raises(OSError), socket.create_connection((OVER, over(inventory).port), timeout=1):
        pass


def test_a_host_is_reached_through_the_undercloud(way: Transport) -> None:
    source, _, target, _ = way.run(["printenv", "SSH_CONNECTION"]).stdout.split()
    assert (source, target) == (WITHIN, OVER)


def test_ports_are_forwarded_through_the_undercloud(way: Transport, inventory: tuple[Inventory, Path]) -> None:
    with (
        way.forward(OVER, over(inventory).port) as address,
        socket.create_connection(address, timeout=10) as connection,
    ):
        assert connection.recv(4) == b"SSH-"


def test_a_key_that_is_missing_is_named(inventory: tuple[Inventory, Path], tmp_path: Path) -> None:
    read, ssh_config = inventory
    text = Path(read.source).read_text().replace("over/user_key", "over/no_key")
    (tmp_path / "lab.yaml").write_text(text)
    other = load(tmp_path / "lab.yaml")
    (known,) = gather([Sighting("nova-compute", "compute-0", True, "")], [], other)
    with pytest.raises(StackproofError, match=r"there is no key '.*over/no_key' for"):
        way_to(known, ssh_config).run(["true"])
