"""The supervisor of a host: each service is a folder with a run script, as runit wants it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from devcloud.hosts.host import Host
from devcloud.hosts.namespace import HOST_PATH
from devcloud.services.service import Service
from pytest_whitebox.core.command import Result
from pytest_whitebox.core.processes import status_from_sv

_DEFINITIONS = "/etc/sv"
_RUNNING = "/run/service"
_DEATHS = "/run/devcloud/deaths"
#: In the environment of every process of a service, and of its children: its name.
MARK = "DEVCLOUD_SERVICE"
_MARKED = f"{MARK}=".encode()


@dataclass(frozen=True, slots=True)
class Supervised:
    """What runit says of a service: up or not, its pid on the host, for how many seconds, and how it last died."""

    up: bool
    pid: int | None
    seconds: int
    deaths: int
    last_death: str

    @classmethod
    def from_sv(cls, text: str, deaths: str = "") -> Supervised:
        """Parse a line of `sv status` and the record of deaths.

        >>> Supervised.from_sv("run: nova-compute: (pid 812) 45s; run: log: (pid 7) 45s")
        Supervised(up=True, pid=812, seconds=45, deaths=0, last_death='')
        """
        status, lines = status_from_sv(text), deaths.splitlines()
        return cls(status.running, status.pid, status.seconds, len(lines), lines[-1] if lines else "")


def run_script(service: Service, values: Mapping[str, str]) -> str:
    """How runit starts a service; what is none of OpenStack's is started in the same way whatever the release."""
    words = [word.format_map(values) for word in service.command]
    env = {
        "PATH": f"{values['bin']}:{HOST_PATH}" if service.has_release else HOST_PATH,
        "LANG": "C.UTF-8",
        "HOME": "/root",
        MARK: service.name,
        **service.env,
    }
    pairs = " ".join(shlex.quote(f"{name}={value}") for name, value in env.items())
    folders = shlex.join([service.log.rpartition("/")[0], *service.folders])
    owner = f"chown {service.user} {folders}\n" if service.user else ""
    return f"#!/bin/sh\nmkdir -p {folders}\n{owner}exec >>{service.log} 2>&1\nexec env -i {pairs} {shlex.join(words)}\n"


def define(host: Host, service: Service, values: Mapping[str, str]) -> bool:
    """Write the service's folder on the host; returns True if it had another definition before."""
    folder = f"{_DEFINITIONS}/{service.name}"
    run = run_script(service, values)
    finish = (
        "#!/bin/sh\n"
        "# runit gives the exit code (-1: killed) and the signal; 0 and SIGTERM are orderly ends\n"
        '[ "$1" = 0 ] || [ "$2" = 15 ] && exit\n'
        f"mkdir -p {_DEATHS}\n"
        f'echo "exit code $1, signal $2, $(date -u +%FT%TZ)" >>{_DEATHS}/{service.name}\n'
    )
    before = host.path(f"{folder}/run")
    changed = before.exists() and before.read_text() != run
    if changed or not before.exists():
        host.write(f"{folder}/finish", finish, mode=0o755)
        host.write(f"{folder}/run", run, mode=0o755)
    init = host.path(f"/etc/init.d/{service.name}")
    if not init.is_symlink():
        init.unlink(missing_ok=True)
        init.symlink_to("/usr/bin/sv")
    return changed


def supervised(host: Host, name: str) -> Supervised | None:
    """What the supervisor says of a service of the host now; None if it was never started."""
    if not host.path(f"{_RUNNING}/{name}").is_symlink():
        return None
    said = host.run(["sv", "status", f"{_RUNNING}/{name}"], check=False).stdout
    record = host.path(f"{_DEATHS}/{name}")
    return Supervised.from_sv(said, record.read_text() if record.exists() else "")


@dataclass(frozen=True, slots=True)
class Process:
    """A process of a service, as its host counts it; ``began`` is in the kernel's ticks since the machine started."""

    pid: int
    parent: int
    state: str
    began: int

    @classmethod
    def from_stat(cls, text: str) -> Process:
        """Parse /proc/PID/stat.

        >>> Process.from_stat("7 (a (b)) S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0")
        Process(pid=7, parent=1, state='S', began=4711)
        """
        words = text.rpartition(")")[2].split()
        return cls(int(text.split()[0]), int(words[1]), words[0], int(words[19]))


def processes(host: Host) -> dict[str, list[Process]]:
    """The processes of every service of a host, children and all, by the service's name."""
    found: dict[str, list[Process]] = {}
    for folder in host.path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                if name := _service_of(folder):
                    found.setdefault(name, []).append(Process.from_stat((folder / "stat").read_text()))
            except OSError:
                continue
    return found


def _service_of(process: Path) -> str:
    """The service that a process belongs to, or an empty text.

    Its environment tells; one that has written its title over it, as Neutron's do, has the service's log as its output.
    """
    for word in (process / "environ").read_bytes().split(b"\0"):
        if word.startswith(_MARKED):
            return word.removeprefix(_MARKED).decode()
    output = (process / "fd/1").readlink()
    return output.stem if output.is_relative_to("/var/log") and output.suffix == ".log" else ""


def strays(own: list[Process], seen: Supervised | None) -> list[Process]:
    """Which of a service's processes an earlier start has left behind; they keep ports, or do its work too.

    A daemon may have children that have left it and go by themselves: they are younger than it, and no strays.

    >>> old, main, child = Process(5, 1, "S", 10), Process(9, 2, "S", 70), Process(11, 1, "S", 75)
    >>> [process.pid for process in strays([old, main, child], Supervised(True, 9, 4, 0, ""))]
    [5]
    """
    main = next((process for process in own if seen and process.pid == seen.pid), None)
    return [process for process in own if main is None or process.began < main.began]


def end_strays(host: Host, name: str) -> bool:
    """Kill what a service left behind when it or its supervisor was killed. Returns True if there was anything."""
    left = strays(processes(host).get(name, []), supervised(host, name))
    if left:
        host.run(["kill", "-9", *(str(process.pid) for process in left)], check=False)
    return bool(left)


def is_stopped(host: Host, seen: Supervised) -> bool:
    """Whether the service's first process is held by SIGSTOP: it is there, and answers nobody."""
    try:
        return Process.from_stat(host.path(f"/proc/{seen.pid}/stat").read_text()).state == "T"
    except OSError:
        return False


def folder_below(host: Host, seen: Supervised, top: Path) -> str:
    """The folder below ``top`` whose program a service's first process runs; an empty text if it is none of them.

    What it was started as is part of the titles, too, that Neutron's processes give themselves.
    """
    try:
        words = host.path(f"/proc/{seen.pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""
    _, found, path = words.partition(f"{top}/")
    return path.partition("/")[0] if found else ""


def start(host: Host, name: str) -> None:
    """Have the service run; does nothing if it does."""
    link = host.path(f"{_RUNNING}/{name}")
    if not link.is_symlink():
        link.symlink_to(f"{_DEFINITIONS}/{name}")
    else:
        host.run(["sv", "up", f"{_RUNNING}/{name}"], check=False)


def signal(host: Host, name: str, letter: str) -> None:
    """Send the service what `sv` has this letter for."""
    host.run(["sv", letter, f"{_RUNNING}/{name}"], check=False)


def remove(host: Host, name: str) -> None:
    """Stop a service and forget it."""
    link = host.path(f"{_RUNNING}/{name}")
    if link.is_symlink():
        stop(host, [name])
        host.run(["sv", "exit", f"{_RUNNING}/{name}"], check=False)
        link.unlink()
    host.path(f"/etc/init.d/{name}").unlink(missing_ok=True)
    host.run(["rm", "-rf", f"{_DEFINITIONS}/{name}"])


def forget_deaths(host: Host, name: str) -> None:
    """Take a new count from here."""
    host.path(f"{_DEATHS}/{name}").unlink(missing_ok=True)


def restart(host: Host, name: str, *, timeout: int = 60) -> Result:
    """Stop and start the service; after ``timeout`` seconds it is killed."""
    return host.run(
        ["sv", "-w", str(timeout), "force-restart", f"{_RUNNING}/{name}"], timeout=timeout + 10, check=False
    )


def stop(host: Host, names: list[str], *, timeout: int = 10) -> None:
    """Stop services together; what has not ended after ``timeout`` seconds is killed."""
    if names:
        host.run(
            ["sv", "-w", str(timeout), "force-stop", *(f"{_RUNNING}/{n}" for n in names)],
            timeout=timeout + 30,
            check=False,
        )
