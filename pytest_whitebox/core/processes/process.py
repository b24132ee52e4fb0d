"""Processes of a host by an identity that no later process can have."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_whitebox.core.processtree import Line, Process, lines
from pytest_whitebox.core.transports import Transport

_ALL = "cat /proc/[0-9]*/stat 2>/dev/null || :"


def family(transport: Transport, pid: int) -> frozenset[Process]:
    """The process and all that descend from it; empty if it has ended."""
    said = transport.run(["sh", "-c", _ALL]).stdout
    return _family(lines(said), pid)


def _family(known: Iterable[Line], pid: int) -> frozenset[Process]:
    children: dict[int, list[Process]] = {}
    found: list[Process] = []
    for line in known:
        children.setdefault(line.parent, []).append(line.process)
        if line.process.pid == pid:
            found.append(line.process)
    for process in found:
        found += children.get(process.pid, [])
    return frozenset(found)
