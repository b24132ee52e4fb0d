"""Real servers on the loopback: an SSH server, and a service under runit, both in a folder of their own."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from pytest_whitebox.core.deployments import ServiceFacts, UnknownService
from pytest_whitebox.core.hosts import Host
from pytest_whitebox.core.processes import Runit
from pytest_whitebox.core.services import Contact, Patience
from pytest_whitebox.core.transports import SshTransport, Transport
from pytest_whitebox.core.wait import wait_for
from tests.wire.mariadb import mariadb  # noqa: F401 -- a fixture

pytest.register_assert_rewrite("pytest_whitebox.core.transports.contract")

_SBIN = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
# HOME is set because sshd's shell reads ~/.bashrc, and whoever runs the tests may have a slow one.
_SSHD = """
Port {port}
ListenAddress {address}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/user_key.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
UseDNS no
SetEnv HOME={folder}
LogLevel ERROR
Subsystem sftp internal-sftp
{more}
"""
_CLIENT = """
Host server
    HostName {address}
    Port {port}
    User {user}
    IdentityFile {folder}/user_key
    IdentitiesOnly yes
    UserKnownHostsFile {folder}/known_hosts
"""


def program(name: str) -> str:
    found = shutil.which(name, path=_SBIN)
    if found is None:
        pytest.skip(f"needs the program {name}: install openssh-server, openssh-client and runit")
    return found


@dataclass(frozen=True)
class SshServer:
    """An sshd that runs: ``folder`` has its keys, and an ssh_config whose entry ``server`` leads to it."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def ssh_config(self) -> Path:
        return self.folder / "ssh_config"

    def transport(self) -> SshTransport:
        return SshTransport("server", ssh_config=self.ssh_config, sudo=False)

    def config(self, **options: str) -> Path:
        """A copy of the ssh_config with other options for the server."""
        lines = [line for line in self.ssh_config.read_text().splitlines() if line.split()[:1] != [*options][:1]]
        path = self.folder / f"ssh_config.{'-'.join(options)}"
        path.write_text("\n".join([*lines, *(f"    {name} {value}" for name, value in options.items()), ""]))
        return path


def start_sshd(
    folder: Path, more: str = "", boot: Sequence[str] = (), address: str = "127.0.0.1", within: Sequence[str] = ()
) -> SshServer:
    """Start an sshd on a free port; the folder may be that of an earlier one, whose keys it then has.

    ``boot`` is the command that starts it instead, with the configuration that is in the folder by then. ``within`` is
    put before every command, so that it runs in another namespace.
    """
    sshd, keygen = program("sshd"), program("ssh-keygen")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    for key in ("host_key", "user_key"):
        if not (folder / key).exists():
            subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", folder / key], check=True)
    port = _free_port()
    (folder / "sshd_config").write_text(_SSHD.format(folder=folder, port=port, more=more, address=address))
    (folder / "ssh_config").write_text(
        _CLIENT.format(folder=folder, port=port, user=getpass.getuser(), address=address)
    )
    host_key = " ".join((folder / "host_key.pub").read_text().split()[:2])
    (folder / "known_hosts").write_text(f"[{address}]:{port} {host_key}\n")
    with (folder / "sshd.log").open("ab") as log:
        command = boot or [*within, sshd, "-D", "-e", "-f", str(folder / "sshd_config")]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        wait_for(
            lambda: _greets(address, port, within), timeout=20, every=0.02, what="sshd", hint=f"see {folder}/sshd.log"
        )
    except BaseException:
        stop(process)
        raise
    return SshServer(folder, port, process)


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(10)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _greets(address: str, port: int, within: Sequence[str]) -> bool:
    if within:
        look = [*within, "ssh-keyscan", "-T", "2", "-p", str(port), address]
        return subprocess.run(look, capture_output=True, check=False).stdout != b""
    try:
        with socket.create_connection((address, port), timeout=5) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    server = start_sshd(tmp_path_factory.mktemp("sshd"))
    yield server
    stop(server.process)


@pytest.fixture
def ssh(sshd: SshServer) -> Iterator[SshTransport]:
    transport = sshd.transport()
    yield transport
    transport.close()


#: Ends at once for a number that is none, and after a while for a negative one; else reports ten times a second.
_DAEMON = """
import configparser, itertools, os, signal, sys
config = configparser.ConfigParser(strict=False, interpolation=None)
config.read([sys.argv[1], sys.argv[1] + ".more"])
print("starting with password", config["DEFAULT"]["admin_password"], flush=True)
workers = int(config["daemon"]["workers"])
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
signal.setitimer(signal.ITIMER_REAL, 0.1 if workers >= 0 else 0.3, 0.1)
if workers < 0:
    signal.sigwait({signal.SIGALRM})
    sys.exit("CRITICAL workers must not be negative")
for count in itertools.count():
    with open(sys.argv[2] + ".new", "w") as report:
        print(os.getpid(), workers, count, file=report)
    os.rename(sys.argv[2] + ".new", sys.argv[2])
    signal.sigwait({signal.SIGALRM})
"""
CONFIG = b"""# what the daemon reads
[DEFAULT]
admin_password = hunter22

[daemon]
# how many
workers = 2
"""


@dataclass(frozen=True)
class Daemon:
    """A daemon under runit; ``folder`` holds its configuration, its log and what it reports."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "daemon.conf"

    def define(self, suffix: str) -> None:
        """Have the supervisor run an instance of it, with a log and a report of its own."""
        aside = self.folder / f"new{suffix}"
        aside.mkdir()
        (aside / "run").write_text(
            f"#!/bin/sh\nexec >>{self.folder}/log{suffix} 2>&1\n"
            f"exec {sys.executable} -I -S {self.folder}/daemon.py {self.config} {self.folder}/report{suffix}\n"
        )
        (aside / "run").chmod(0o755)
        (self.folder / "service").mkdir(exist_ok=True)
        aside.rename(self.folder / f"service/daemon{suffix}")

    def report(self) -> str | None:
        """Process, workers and a count, as the daemon writes them again and again."""
        file = self.folder / "report"
        return file.read_text() if file.exists() else None

    @property
    def forced(self) -> Path:
        """There while the daemon is to be taken for down, as Nova would note it in its database."""
        return self.folder / "forced"

    def force(self, forced: bool) -> None:
        if forced:
            self.forced.touch()
        else:
            self.forced.unlink(missing_ok=True)

    @property
    def workers(self) -> int:
        """With how many workers the daemon that runs was started."""
        return int((self.folder / "report").read_text().split()[1])

    def facts(self, target: str) -> ServiceFacts:
        """The two files that the daemon reads, and the one of them that is edited."""
        files, log = (str(self.config), f"{self.config}.more"), str(self.folder / "log")
        return ServiceFacts("daemon", str(self.folder / "service/daemon"), Runit(), files, target, log)


@dataclass(frozen=True)
class Deployed:
    """The kind of deployment that has this daemon, or two that read the same files."""

    daemon: Daemon
    target: str
    twin: bool = False
    name: str = "test"
    libvirt_uri: str = "test:///default"

    def matches(self, transport: Transport) -> bool:
        return transport.run(["test", "-d", str(self.daemon.folder)], check=False).ok

    def service(self, transport: Transport, name: str) -> ServiceFacts:
        facts = self.daemon.facts(self.target)
        other = replace(facts, name="daemon-b", unit=f"{facts.unit}-b", log=f"{facts.log}-b")
        known = {
            "daemon": replace(facts, beside=(other,)) if self.twin else facts,
            "daemon-b": other,
            "unrelated": replace(other, config_files=(), config_target=""),
        }
        if name not in known:
            raise UnknownService(f"there is no service {name!r}", hint="take 'daemon'")
        return known[name]

    def libvirt(self, transport: Transport) -> Transport:
        return transport


@contextmanager
def runsvdir(folder: Path) -> Iterator[None]:
    """A supervisor of the services in a folder, all of which have ended afterwards."""
    supervisor = subprocess.Popen([program("runsvdir"), folder], start_new_session=True)
    try:
        yield
    finally:
        # On SIGHUP runsvdir has every runsv stop its service and ends; what is left after that is not let live.
        supervisor.send_signal(signal.SIGHUP)
        supervisor.wait(10)
        os.killpg(supervisor.pid, signal.SIGKILL)


@contextmanager
def running_daemon(folder: Path) -> Iterator[Daemon]:
    """A daemon in a folder that exists."""
    program("sv")
    (folder / "daemon.py").write_text(_DAEMON)
    made = Daemon(folder)
    made.config.write_bytes(CONFIG)
    made.define("")
    with runsvdir(folder / "service"):
        wait_for(made.report, timeout=20, every=0.02, what="the daemon")
        yield made


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    with running_daemon(tmp_path) as made:
        yield made


def host_of(
    transport: Transport,
    daemon: Daemon,
    *,
    lock: float = 20,
    start: float = 20,
    target: str = "",
    twin: bool = False,
    contact: Contact | None = None,
) -> Host:
    """A host that has the daemon; waits are short, because so is all that the daemon does."""
    return Host(
        "server", transport, deployment=Deployed(daemon, target or str(daemon.config), twin),
        folder=str(daemon.folder / "state"), contact=lambda _: contact or Contact(daemon.report, daemon.force),
        patience=Patience(start=start, settle=1, report=20, lock=lock, every=0.05),
    )  # fmt: skip


@pytest.fixture
def host(ssh: SshTransport, daemon: Daemon) -> Host:
    return host_of(ssh, daemon)
