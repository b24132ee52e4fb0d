"""A monitor, a Gearman server and workers as processes on loopback, each of which can be killed and started again."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest

from pytest_whitebox.core.wait import wait_for
from tests.wire.worker.noop import QUICK
from worker.asking import Away
from worker.client import Client
from worker.states import FINAL, State
from worker.tokens import Tokens

ROOT = Path(__file__).parents[3]
#: Seconds that anything may take on a machine that others use, too.
PATIENCE = 180.0
#: Of a monitor that soon takes jobs from who says nothing, or gives them again to a server that has lost them.
HASTY = ("--lease", "2", "--deaths", "3")


def free_port() -> int:
    """A port that nobody has, below those that the kernel gives to connections: it is taken only seconds later."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def asked(name: str = QUICK, **more: Any) -> dict[str, Any]:
    return {"cloud": "prod", "tempest": "47.0.0", "tests": {"names": [name]}, **more}


@dataclass
class Laboratory:
    """``kind`` is gear or gearmand; ``leases`` are options of the monitor, ``beside`` those of keepers.

    ``address`` is where both servers are, ``store`` is the URL of another store than the usual one. What is ``within``
    other namespaces is started by a command that is put before its own.

    A lease is longer than a worker may have to wait for a processor, but where the test is of workers that are lost.
    """

    folder: Path
    kind: str = "gear"
    leases: Sequence[str] = ("--lease", "60")
    allowed: str = ""
    beside: str = ""
    address: str = "127.0.0.1"
    store: str = ""
    gearman: int = field(default_factory=free_port)
    port: int = field(default_factory=free_port)
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        tokens = Tokens(self.folder / "tokens.json")
        for kind, name in (("users", "ann"), ("hosts", "node"), ("hosts", "other")):
            file = self.folder / name
            file.touch(mode=0o600)
            file.write_text(tokens.make(kind, name))  # type: ignore[arg-type]

    @property
    def url(self) -> str:
        return f"http://{self.address}:{self.port}"

    @property
    def client(self) -> Client:
        return Client(self.url, (self.folder / "ann").read_text())

    def serve(self) -> subprocess.Popen[str]:
        """The Gearman server."""
        command = [sys.executable, "-m", "tests.wire.worker.geard", self.address, str(self.gearman)]
        if self.kind == "gearmand":
            program = shutil.which("gearmand", path="/usr/sbin:/usr/bin")
            if program is None:
                pytest.skip("needs gearmand: install gearman-job-server")
            log = self.folder / "gearmand.log"
            command = [program, f"--listen={self.address}", f"--port={self.gearman}", f"--log-file={log}"]
            command += ["--user=root"] if os.getuid() == 0 else []
        process = self.start(command, "gearman")
        there = (self.address, self.gearman)
        wait_for(lambda: _listens(there), timeout=PATIENCE, what="the Gearman server", every=0.05)
        return process

    def monitor(self, within: Sequence[str] = ()) -> subprocess.Popen[str]:
        words = ["serve", "--state", str(self.folder), "--listen", f"{self.address}:{self.port}", *self.leases]
        words += ["--gearman-server", self.address, "--gearman-port", str(self.gearman), "--behind-proxy"]
        words += ["--allow", self.allowed] if self.allowed else []
        store = {"WORKER_STORE": self.store} if self.store else {}
        process = self.start([*within, sys.executable, "-m", "worker", *words], "monitor", **store)
        wait_for(self.client.status, timeout=PATIENCE, what="the monitor", every=0.1, ignore=(Away,))
        return process

    def worker(self, slots: int = 1, name: str = "node", within: Sequence[str] = ()) -> subprocess.Popen[str]:
        words = [self.address, str(self.gearman), self.url, str(self.folder / name), str(slots), self.allowed]
        command = [*within, sys.executable, "-m", "tests.wire.worker.noop", *words]
        return self.start(command, f"worker-{len(self.started)}")

    def keeper(
        self, name: str = "first", program: Sequence[str] = (sys.executable, "-m", "worker"),
        disk: str = "", **environment: str,
    ) -> subprocess.Popen[str]:  # fmt: skip
        """A worker that runs jobs in earnest, as a host has it; all share a cache, but one with all of it on a disk."""
        words = ["run", "--url", self.url, "--token-file", str(self.folder / "node"), "--gearman-server", self.address]
        words += ["--gearman-port", str(self.gearman), "--state", disk or str(self.folder / name)]
        words += ["--allow", self.allowed, "--cache", f"{disk or self.folder}/cache"]
        words += ["--clouds", str(self.folder / "clouds"), "--beside", self.beside]
        return self.start([*program, *words], name, **environment)

    def start(self, command: Sequence[str], name: str, **environment: str) -> subprocess.Popen[str]:
        with (self.folder / f"{name}.log").open("a") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, stdout=log, stderr=log, text=True, env={**os.environ, **environment}
            )
        self.started.append(process)
        return process

    def ended(self, *jobs: str, timeout: float = PATIENCE) -> list[dict[str, Any]]:
        """The jobs once all of them have ended."""
        return [self.client.wait(job, timeout) for job in jobs]

    def in_state(self, job: str, state: State, timeout: float = PATIENCE) -> dict[str, Any]:
        def there() -> dict[str, Any] | None:
            known = self.client.job(job)
            if State(known["state"]) in FINAL and state not in FINAL:
                pytest.fail(f"job {job} is {known['state']}: {known['sentence']}")
            return known if known["state"] == state else None

        return wait_for(there, timeout=timeout, what=f"job {job} to be {state}", every=0.05)

    def close(self, *, but: int = 0) -> None:
        """Kill all processes but the first ones."""
        while len(self.started) > but:
            process = self.started.pop()
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait()


L = TypeVar("L", bound=Laboratory)


@contextmanager
def running(laboratory: L) -> Iterator[L]:
    """A monitor and a Gearman server run in it; at the end nothing does, whatever the test has killed or started."""
    try:
        laboratory.serve()
        laboratory.monitor()
        yield laboratory
    finally:
        laboratory.close()


def _listens(place: tuple[str, int]) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(place) == 0
