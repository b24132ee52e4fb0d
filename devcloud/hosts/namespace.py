"""Namespaces that one process holds: they live exactly as long as it does and leave nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

from pytest_whitebox.core.command import CommandFailed, Result
from pytest_whitebox.core.command import run as run_here
from pytest_whitebox.core.wait import wait_for

_PROC = Path("/proc")
HOST_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
HOST_ENVIRONMENT = MappingProxyType({"PATH": HOST_PATH, "LANG": "C.UTF-8", "HOME": "/root"})


@dataclass(frozen=True, slots=True)
class Holder:
    """The first process (pid 1 inside) of a set of namespaces; ``pid`` is its number on the machine."""

    name: str
    pid: int

    @property
    def root(self) -> Path:
        """The host's own view of the file system, as a path on the machine."""
        return _PROC / str(self.pid) / "root"

    @property
    def since(self) -> datetime:
        """When it was started."""
        ticks = int((_PROC / str(self.pid) / "stat").read_text().rpartition(")")[2].split()[19])
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
        return datetime.now(UTC) - timedelta(seconds=age)

    def enter(self, command: Sequence[str], *, only_network: bool = False) -> list[str]:
        """The command line that runs ``command`` inside."""
        spaces = ["--net"] if only_network else ["--net", "--mount", "--uts", "--ipc", "--pid"]
        return ["nsenter", "-t", str(self.pid), *spaces, "--", *command]

    def run(
        self,
        command: Sequence[str],
        *,
        input: str | None = None,
        timeout: float = 60,
        check: bool = True,
        env: Mapping[str, str] | None = None,
        only_network: bool = False,
    ) -> Result:
        """Run a command inside, with a clean environment and ``env``; raises `CommandFailed` naming this host."""
        inside = self.enter(command, only_network=only_network)
        result = run_here(inside, input=input, timeout=timeout, check=False, env={**HOST_ENVIRONMENT, **(env or {})})
        result = Result(tuple(command), result.rc, result.stdout, result.stderr)
        if check and not result.ok:
            raise CommandFailed(result, where=self.name, hint=f"run it with `devcloud ssh {self.name}`")
        return result

    def kill(self, *, timeout: float = 10) -> None:
        """Cut the power: kill pid 1, and with it everything inside; ``timeout`` in seconds."""
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        wait_for(
            lambda: not (_PROC / str(self.pid)).exists() or _is_zombie(self.pid),
            timeout=timeout,
            every=0.02,
            what=f"the processes of {self.name} to end",
        )


def start(name: str, token: str, command: Sequence[str], *, env: Mapping[str, str], log: Path, mount: bool) -> Holder:
    """Start ``command`` as pid 1 of new namespaces; its environment carries ``token``, by which `find` knows it."""
    spaces = ["--net", "--uts", "--ipc", "--pid", "--fork", "--kill-child", *(["--mount"] if mount else [])]
    with log.open("ab") as out:
        process = subprocess.Popen(
            ["unshare", *spaces, "--", *command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            cwd="/",
            env={"PATH": HOST_PATH, "DEVCLOUD_HOST": token, **env},
        )

    def holder() -> Holder | None:
        if process.poll() is not None:
            raise CommandFailed(
                Result(tuple(command), process.returncode, "", log.read_text(errors="replace")), hint=f"see {log}"
            )
        return find(name, token)

    return wait_for(holder, timeout=15, every=0.02, what=f"the namespaces of {name}", hint=f"see {log}")


def find(name: str, token: str) -> Holder | None:
    """The living holder whose environment carries ``token``, found in the process table: no pid file to go stale."""
    for pid in pids_with(token):
        if _is_first_inside(pid):
            return Holder(name, pid)
    return None


def pids_with(token: str) -> Iterator[int]:
    """Every process on the machine whose environment carries ``DEVCLOUD_HOST=token``."""
    wanted = f"DEVCLOUD_HOST={token}".encode()
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            try:
                if wanted in (entry / "environ").read_bytes().split(b"\0"):
                    yield int(entry.name)
            except OSError:
                continue


def _is_first_inside(pid: int) -> bool:
    try:
        status = (_PROC / str(pid) / "status").read_text()
    except OSError:
        return False
    numbers = next((line.split()[1:] for line in status.splitlines() if line.startswith("NSpid:")), [])
    return len(numbers) == len(_own_numbers()) + 1 and numbers[-1] == "1" and not _is_zombie(pid)


def _own_numbers() -> list[str]:
    status = (_PROC / "self" / "status").read_text()
    return next(line.split()[1:] for line in status.splitlines() if line.startswith("NSpid:"))


def _is_zombie(pid: int) -> bool:
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
