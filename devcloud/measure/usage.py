"""What the processes of the hosts use: memory, and time of the processors."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from devcloud.hosts.host import Host
from devcloud.services.runit import MARK

#: Of guests' emulators, which belong to no service, and of what supervises the services.
GUESTS, SUPERVISION = "guests", "runit"
_SUPERVISOR = "runsv"
_SIZE = re.compile(r"^(Rss|Pss): +(\d+) kB$", re.MULTILINE)
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class ProcessUsage:
    """One process: its number on its host, bytes of memory, and seconds of the processors since its start.

    ``pss`` shares out what several processes have in common, so that it can be summed up; ``rss`` does not.
    """

    host: str
    service: str
    pid: int
    command: str
    pss: int
    rss: int
    cpu_seconds: float


@dataclass(frozen=True, slots=True)
class ServiceUsage:
    """All processes of a service on a host together; bytes and seconds."""

    host: str
    service: str
    processes: int
    pss: int
    rss: int
    cpu_seconds: float


def processes(host: Host) -> Iterator[ProcessUsage]:
    """The processes in the host's own process table; one that ends while it is looked at is left out."""
    known = {found.pid: found for found in _entries(host.path("/proc"))}
    for entry in known.values():
        try:
            size = sizes((entry.folder / "smaps_rollup").read_text())
            service = _supervised(entry, known) or _marked(entry)
        except OSError:
            continue
        if size:
            yield ProcessUsage(host.name, service, entry.pid, entry.command, size["Pss"], size["Rss"], entry.seconds)


def services(seen: Iterable[ProcessUsage]) -> list[ServiceUsage]:
    """Processes summed up by service, the largest first."""
    grouped: dict[tuple[str, str], list[ProcessUsage]] = {}
    for process in seen:
        grouped.setdefault((process.host, process.service), []).append(process)
    summed = (
        ServiceUsage(
            *key,
            processes=len(group),
            pss=sum(one.pss for one in group),
            rss=sum(one.rss for one in group),
            cpu_seconds=round(sum(one.cpu_seconds for one in group), 2),
        )
        for key, group in grouped.items()
    )
    return sorted(summed, key=lambda one: -one.pss)


def sizes(rollup: str) -> dict[str, int]:
    """Bytes from /proc/PID/smaps_rollup.

    >>> sizes("55d0-7ffe ---p 00000000 00:00 0    [rollup]\\nRss:    1804 kB\\nPss:     120 kB\\nPss_Anon:   88 kB\\n")
    {'Rss': 1847296, 'Pss': 122880}
    """
    return {name: int(size) * 1024 for name, size in _SIZE.findall(rollup)}


@dataclass(frozen=True, slots=True)
class _Entry:
    """A line of the process table."""

    folder: Path
    pid: int
    parent: int
    command: str
    seconds: float


def _entries(table: Path) -> Iterator[_Entry]:
    for folder in table.iterdir():
        if folder.name.isdigit():
            try:
                command, _, rest = (folder / "stat").read_text().partition("(")[2].rpartition(")")
            except OSError:
                continue
            words = rest.split()
            yield _Entry(folder, int(folder.name), int(words[1]), command, (int(words[11]) + int(words[12])) / _TICKS)


def _supervised(entry: _Entry, known: Mapping[int, _Entry]) -> str:
    """The service whose supervisor is an ancestor of the process, or an empty text.

    Not by the environment alone: a process that gives itself a title writes over it.
    """
    above = known.get(entry.parent)
    while above and above.command != _SUPERVISOR:
        above = known.get(above.parent)
    return (above.folder / "cmdline").read_bytes().split(b"\0")[1].decode() if above else ""


def _marked(entry: _Entry) -> str:
    """What a process that has no supervisor above it belongs to: its service left it behind on purpose."""
    mark = f"{MARK}=".encode()
    words = (entry.folder / "environ").read_bytes().split(b"\0")
    found = next((word.removeprefix(mark).decode() for word in words if word.startswith(mark)), "")
    return found or (GUESTS if entry.command.startswith("qemu") else SUPERVISION)
