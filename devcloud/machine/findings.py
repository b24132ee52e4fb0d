"""Can this machine carry a cloud? Looked at from outside in; nothing is installed or changed."""

from __future__ import annotations

import os
import platform
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from devcloud.hosts import fabric
from devcloud.machine import trial
from devcloud.machine.dependencies import missing_programs
from devcloud.machine.finding import Finding
from devcloud.state import State
from devcloud.topology import Topology
from pytest_whitebox.core.errors import StackproofError

#: What devcloud is known to work on, as ID and VERSION_ID of /etc/os-release.
SYSTEMS = {("debian", "12"): "Debian 12", ("ubuntu", "24.04"): "Ubuntu 24.04"}
#: What a new cloud with a few guests needs, and what one that is there still needs to be started.
_MEMORY, _DISK, _DISK_AGAIN = 7 * 1024**3, 8 * 1024**3, 1024**3
_GIB = 1024**3


def findings(state: State, topology: Topology, projects: Iterable[str] = ()) -> list[Finding]:
    """All that was found; without root only what anybody can see."""
    return list(_findings(state, topology, projects))


def require(state: State, topology: Topology, projects: Iterable[str] = ()) -> None:
    """Raise `StackproofError` for the first thing that keeps this machine from carrying the cloud."""
    _refuse(_findings(state, topology, projects))


def require_fit(state: State) -> None:
    """The same for what no package can mend: asked before anything is installed."""
    _refuse(_fit(state))


def require_root() -> None:
    """Raise `StackproofError` if this process is not root's."""
    _refuse([_root()])


def require_programs(projects: Iterable[str]) -> None:
    """Raise `StackproofError` if a program of the system's is missing."""
    _refuse([_programs(projects)])


def _refuse(found: Iterable[Finding]) -> None:
    for finding in found:
        if not finding.ok:
            raise StackproofError(finding.said, hint=finding.hint)


def _findings(state: State, topology: Topology, projects: Iterable[str]) -> Iterator[Finding]:
    yield from _fit(state)
    yield _programs(projects)
    if _root().ok and shutil.which("unshare") and shutil.which("ip"):
        yield trial.namespaces()
        yield from trial.kernel()
        yield trial.folder(state.path, _existing(state.path))
        yield networks(fabric.conflict(state, topology), topology)


def _fit(state: State) -> Iterator[Finding]:
    yield _root()
    release = Path("/etc/os-release")
    yield system(release.read_text() if release.exists() else "")
    yield architecture(platform.machine())
    if _root().ok and fabric.holder(state) is not None:
        yield Finding("memory", True, "the cloud is up and has its memory")
    else:
        yield memory(Path("/proc/meminfo").read_text(), _limit())
    yield disk(shutil.disk_usage(_existing(state.path)).free, state)
    yield _one_file_system()


def _root() -> Finding:
    return Finding(
        "root", os.geteuid() == 0, "runs as root" if os.geteuid() == 0 else "only root can do this", "use sudo"
    )


def system(os_release: str) -> Finding:
    """Judge the text of /etc/os-release.

    >>> system('ID=debian\\nVERSION_ID="12"').said
    'Debian 12'
    """
    fields = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', os_release, re.MULTILINE))
    known = SYSTEMS.get((fields.get("ID", ""), fields.get("VERSION_ID", "")))
    name = fields.get("PRETTY_NAME", "an unknown system")
    return Finding(
        "system", known is not None, known or f"devcloud does not know {name}", f"use {' or '.join(SYSTEMS.values())}"
    )


def architecture(machine: str) -> Finding:
    """Judge the processor's kind.

    >>> architecture("aarch64").said
    'devcloud needs an x86_64 machine, this is aarch64'
    """
    good = machine == "x86_64"
    said = machine if good else f"devcloud needs an x86_64 machine, this is {machine}"
    return Finding("architecture", good, said, "use another machine")


def memory(meminfo: str, limit: int | None = None) -> Finding:
    """Judge the text of /proc/meminfo and the control group's limit in bytes.

    >>> memory("MemAvailable:   16777216 kB").said
    '16.0 GiB of memory are available'
    """
    found = re.search(r"^MemAvailable: +(\d+) kB", meminfo, re.MULTILINE)
    available = min(int(found[1]) * 1024 if found else 0, limit or 1 << 62)
    said = f"{available / _GIB:.1f} GiB of memory are available"
    if available >= _MEMORY:
        return Finding("memory", True, said)
    return Finding(
        "memory", False, f"only {said}, a cloud needs {_MEMORY // _GIB}", "stop something, or use a larger machine"
    )


def disk(free: int, state: State) -> Finding:
    """Judge the free bytes where the state folder lies or will lie.

    >>> disk(20 * 1024**3, State(Path("/srv/nowhere"))).said
    '20.0 GiB are free for /srv/nowhere'
    """
    needed = _DISK_AGAIN if state.exists else _DISK
    said = f"{free / _GIB:.1f} GiB are free for {state.path}"
    if free >= needed:
        return Finding("disk", True, said)
    return Finding(
        "disk", False, f"only {said}, a cloud needs {needed // _GIB}", "make room, or give another folder with --state"
    )


def networks(taken: str | None, topology: Topology) -> Finding:
    """Judge what already uses the cloud's networks."""
    names = f"{topology.mgmt} and {topology.external}"
    if taken is None:
        return Finding("networks", True, f"{names} are free or the cloud's own")
    return Finding("networks", False, f"the networks {names} are in use: {taken}", "stop what uses them")


def _programs(projects: Iterable[str]) -> Finding:
    missing = missing_programs(projects)
    if not missing:
        return Finding("programs", True, "all packages are installed")
    return Finding("programs", False, f"the packages {' '.join(missing)} are missing", "use `devcloud up --install`")


def _limit() -> int | None:
    """The control group's memory limit in bytes."""
    for file in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            return int(Path(file).read_text())
        except (OSError, ValueError):
            continue
    return None


def _one_file_system() -> Finding:
    """The hosts' root is one overlay over the machine's: it does not reach into other file systems."""
    apart = [folder for folder in ("/usr", "/etc") if Path(folder).stat().st_dev != Path("/").stat().st_dev]
    said = (
        f"{' and '.join(apart)} on a file system of its own" if apart else "/usr and /etc are on the root file system"
    )
    return Finding("root file system", not apart, said, "use a machine that has them on the root file system")


def _existing(path: Path) -> Path:
    return next(folder for folder in (path, *path.parents) if folder.is_dir())
