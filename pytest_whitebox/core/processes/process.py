"""Processes of a host by an identity that no later process can have."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pytest_whitebox.core.transports import Transport

# The name in brackets may hold spaces and brackets; proc(5), fields 1, 4 and 22.
_STAT = re.compile(r"^(\d+) \(.*\) \S (\d+)(?: -?\d+){17} (\d+) ", re.MULTILINE)
_ALL = "cat /proc/[0-9]*/stat 2>/dev/null || :"


@dataclass(frozen=True, slots=True, order=True)
class Process:
    """A process of a host: its number, and when it started in clock ticks after the host's boot."""

    pid: int
    started: int


@dataclass(frozen=True, slots=True)
class _Line:
    process: Process
    parent: int


def family(transport: Transport, pid: int) -> frozenset[Process]:
    """The process and all that descend from it; empty if it has ended."""
    said = transport.run(["sh", "-c", _ALL]).stdout
    return _family(_lines(said), pid)


def _lines(text: str) -> list[_Line]:
    """Parse lines of /proc/PID/stat.

    >>> _lines("812 (nova (x) y) S 1 812 812 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 9911 100 200\\n")
    [_Line(process=Process(pid=812, started=9911), parent=1)]
    """
    return [_Line(Process(int(pid), int(ticks)), int(parent)) for pid, parent, ticks in _STAT.findall(text)]


def _family(lines: Iterable[_Line], pid: int) -> frozenset[Process]:
    children: dict[int, list[Process]] = {}
    found: list[Process] = []
    for line in lines:
        children.setdefault(line.parent, []).append(line.process)
        if line.process.pid == pid:
            found.append(line.process)
    for process in found:
        found += children.get(process.pid, [])
    return frozenset(found)
