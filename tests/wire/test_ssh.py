from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.transports import SshTransport, connection
from pytest_whitebox.core.wait import wait_for

from .conftest import SshServer, start_sshd, stop


def _error(server: SshServer, **options: str) -> StackproofError:
    """What is said when the server is reached with these options of the ssh_config instead of its own."""
    transport = SshTransport("server", ssh_config=server.config(**options), sudo=False)
    with pytest.raises(StackproofError) as caught:
        transport.run(["true"])
    return caught.value


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A key that nobody knows."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "passphrase", "-f", tmp_path / "locked"], check=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    return tmp_path / "key"


def test_nothing_connects_before_the_first_use() -> None:
    assert SshTransport("root@nowhere.invalid:1").name == "ssh root@nowhere.invalid:1"


def test_all_commands_and_files_share_one_connection(ssh: SshTransport, tmp_path: Path) -> None:
    ssh.write(f"{tmp_path}/file", b"")
    seen = {ssh.run(["printenv", "SSH_CONNECTION"]).stdout for _ in range(5)}
    assert len(seen) == 1


def test_an_unknown_host_key_is_refused(sshd: SshServer) -> None:
    error = _error(sshd, UserKnownHostsFile="/dev/null")
    assert "the host key of ssh" in str(error)
    assert "is not known" in str(error)
    assert "known_hosts" in error.hint


def test_strict_host_key_checking_cannot_be_switched_off(sshd: SshServer) -> None:
    config = sshd.config(UserKnownHostsFile="/dev/null")
    config.write_text(config.read_text() + "    StrictHostKeyChecking no\n")
    with pytest.raises(StackproofError, match="is not known"):
        SshTransport("server", ssh_config=config, sudo=False).run(["true"])


def test_another_host_key_is_refused(sshd: SshServer, key: Path) -> None:
    wrong = " ".join(key.with_suffix(".pub").read_text().split()[:2])
    known = key.with_name("known_hosts")
    known.write_text(f"[127.0.0.1]:{sshd.port} {wrong}\n")
    assert "shows another host key" in str(_error(sshd, UserKnownHostsFile=str(known)))


def test_a_key_that_the_server_does_not_know_is_refused(sshd: SshServer, key: Path) -> None:
    error = _error(sshd, IdentityFile=str(key))
    assert "does not let us in" in str(error)
    assert "IdentityFile" in error.hint


def test_a_key_with_a_passphrase_is_named(sshd: SshServer, key: Path) -> None:
    assert "has a passphrase" in str(_error(sshd, IdentityFile=str(key.with_name("locked"))))


def test_without_any_key_it_says_so(sshd: SshServer) -> None:
    assert "there is no key for" in str(_error(sshd, IdentityFile="/nonexistent"))


def test_an_identity_file_that_is_missing_is_passed_over(sshd: SshServer) -> None:
    config = sshd.config(IdentityFile="/nonexistent")
    config.write_text(config.read_text() + f"    IdentityFile {sshd.folder}/user_key\n")
    assert SshTransport("server", ssh_config=config, sudo=False).run(["true"]).ok


def test_a_closed_port_is_named(sshd: SshServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    error = _error(sshd, Port=str(port))
    assert f"127.0.0.1:{port} cannot be reached" in str(error)
    assert "SSH server" in error.hint


def test_a_name_without_an_address_is_named(sshd: SshServer) -> None:
    assert "the address of ssh" in str(_error(sshd, HostName="nowhere.invalid"))


def test_a_server_that_says_nothing_is_given_up(sshd: SshServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CONNECT_TIMEOUT", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        error = _error(sshd, Port=str(silent.getsockname()[1]))
    assert "cannot be reached" in str(error) or "did not answer within 1 s" in str(error)


def test_a_missing_ssh_config_is_named() -> None:
    with pytest.raises(StackproofError, match="no ssh_config '/nonexistent'"):
        SshTransport("server", ssh_config=Path("/nonexistent")).run(["true"])


def test_the_address_that_the_cloud_tells_is_used_without_a_host_name(sshd: SshServer) -> None:
    lines = [line for line in sshd.ssh_config.read_text().splitlines() if "HostName" not in line]
    config = sshd.folder / "ssh_config.without-address"
    config.write_text("\n".join(lines))
    assert SshTransport("server", address="127.0.0.1", ssh_config=config, sudo=False).run(["true"]).ok


def test_an_entry_for_the_address_counts_if_the_name_has_none(sshd: SshServer) -> None:
    config = sshd.folder / "ssh_config.by-address"
    config.write_text(sshd.ssh_config.read_text().replace("Host server", "Host 127.0.0.*"))
    transport = SshTransport("compute1", address="127.0.0.1", ssh_config=config, sudo=False)
    assert transport.run(["true"]).ok
    assert transport.address == "127.0.0.1"


def test_the_connection_is_opened_again_after_it_died(ssh: SshTransport) -> None:
    before = _kill_session(ssh)
    assert ssh.run(["printenv", "SSH_CONNECTION"]).stdout != before
    assert ssh.read("/dev/null") == b""


def test_a_command_under_way_is_not_repeated(ssh: SshTransport, tmp_path: Path) -> None:
    script = 'echo once >>"$1"; kill -9 $PPID; sleep 30'
    with pytest.raises(StackproofError, match="broke while a command was running"):
        ssh.run(["sh", "-c", script, "sh", str(tmp_path / "count")])
    assert (tmp_path / "count").read_text() == "once\n"


def test_a_held_command_is_seen_as_lost_with_its_connection(ssh: SshTransport) -> None:
    with ssh.hold(["sh", "-c", "echo ready; cat"]) as held:
        _kill_session(ssh)
        assert wait_for(lambda: not held.alive, timeout=10, every=0.01, what="the loss to be seen")


def test_a_command_killed_by_a_signal_is_a_failed_one(ssh: SshTransport) -> None:
    assert ssh.run(["sh", "-c", "kill -9 $$"], check=False).rc != 0
    assert ssh.run(["true"]).ok


def test_sudo_is_put_before_a_command(sshd: SshServer, tmp_path: Path) -> None:
    transport = SshTransport("server", ssh_config=sshd.ssh_config, sudo=True)
    result = transport.run(["echo", "hello"], check=False)
    assert result.stdout == "hello\n" or "sudo" in result.stderr


@pytest.fixture
def jump(sshd: SshServer, tmp_path: Path) -> Iterator[SshServer]:
    """A second server, and an ssh_config by which the first is reached through it."""
    server = start_sshd(tmp_path)
    known = (sshd.folder / "known_hosts").read_text() + (tmp_path / "known_hosts").read_text()
    (tmp_path / "both").write_text(known)
    first, second = sshd.ssh_config.read_text(), server.ssh_config.read_text().replace("Host server", "Host jump")
    text = f"{first}    ProxyJump jump\n{second}".replace(f"{sshd.folder}/known_hosts", f"{tmp_path}/both")
    server.ssh_config.write_text(text)
    yield server
    stop(server.process)


def test_a_host_is_reached_through_another(sshd: SshServer, jump: SshServer) -> None:
    transport = SshTransport("server", ssh_config=jump.ssh_config, sudo=False)
    assert transport.run(["printenv", "SSH_CONNECTION"]).stdout.split()[3] == str(sshd.port)
    assert str(jump.process.pid) in _ancestors_of_peer(transport)
    transport.close()


def test_the_key_of_the_host_between_is_checked_too(jump: SshServer) -> None:
    (jump.folder / "known_hosts").write_text("")
    with pytest.raises(StackproofError, match="is not known"):
        SshTransport("server", ssh_config=jump.ssh_config, sudo=False).run(["true"])


def test_a_server_that_forwards_nothing_explains_the_failure(tmp_path: Path) -> None:
    server = start_sshd(tmp_path, "AllowTcpForwarding no")
    try:
        transport = server.transport()
        with (
            pytest.raises(StackproofError, match=f"cannot be reached through ssh .*{server.port}"),
            transport.forward("127.0.0.1", 9) as address,
        ):
            _hung_up(address)
        transport.close()
    finally:
        stop(server.process)


def test_a_forwarded_port_that_nobody_listens_on_explains_the_failure(ssh: SshTransport) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with (
        pytest.raises(StackproofError, match=f"127.0.0.1:{port} cannot be reached through"),
        ssh.forward("127.0.0.1", port) as address,
    ):
        _hung_up(address)


def _hung_up(address: tuple[str, int]) -> None:
    """What a database driver does: it wants the first bytes, and is told that there are none."""
    with socket.create_connection(address, timeout=10) as client:
        if not client.recv(1):
            raise ConnectionError("it hung up")


def _kill_session(transport: SshTransport) -> str:
    """Kill the server's process for the connection, and return how the connection was called."""
    said = transport.run(["sh", "-c", "echo $PPID; printenv SSH_CONNECTION"]).stdout
    pid, _, name = said.partition("\n")
    os.kill(int(pid), signal.SIGKILL)
    return name


def _ancestors_of_peer(transport: SshTransport) -> str:
    """The processes above the one that holds the client's end of the connection, as ``ss`` tells it."""
    port = transport.run(["printenv", "SSH_CONNECTION"]).stdout.split()[1]
    inode = _inode_of(int(port))
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and _has(process, inode):
            stat = (process / "stat").read_text().rpartition(")")[2].split()
            return f"{process.name} {stat[1]}"
    return "nobody"


def _inode_of(port: int) -> str:
    wanted = f":{port:04X}"
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if words[1].endswith(wanted):
            return words[9]
    raise AssertionError(f"no connection from port {port}")


def _has(process: Path, inode: str) -> bool:
    try:
        return any(str(link.readlink()) == f"socket:[{inode}]" for link in (process / "fd").iterdir())
    except OSError:
        return False
