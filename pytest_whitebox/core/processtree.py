"""A process of this machine and all that descends from it, ended together, also what leads a session of its own."""

from __future__ import annotations

import os
import re
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pytest_whitebox.core.wait import WaitTimeout, wait_for

# The name in brackets may hold spaces and brackets; proc(5), fields 1, 3, 4, 6 and 22.
_STAT = re.compile(r"^(\d+) \(.*\) (\S) (\d+) -?\d+ (\d+)(?: -?\d+){15} (\d+) ", re.MULTILINE)
#: Seconds that the kernel gets to end what was killed.
_KILLED = 10.0


@dataclass(frozen=True, slots=True, order=True)
class Process:
    """A process that no later one can be taken for: its number, and when it started in clock ticks after the boot."""

    pid: int
    started: int


@dataclass(frozen=True, slots=True)
class Line:
    """What the kernel tells of a process; one that has ``ended`` is there until its parent has asked how."""

    process: Process
    parent: int
    session: int
    ended: bool


def lines(text: str) -> list[Line]:
    """Parse lines of /proc/PID/stat.

    >>> lines("812 (nova (x) y) S 1 812 800 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 9911 100 200\\n")
    [Line(process=Process(pid=812, started=9911), parent=1, session=800, ended=False)]
    """
    return [
        Line(Process(int(pid), int(started)), int(parent), int(session), state in "ZX")
        for pid, state, parent, session, started in _STAT.findall(text)
    ]


def process_of(pid: int) -> Process | None:
    """The process of this machine that has a number now; None if it has ended.

    >>> process_of(os.getpid()).pid == os.getpid()
    True
    """
    return next((line.process for line in lines(_stat(pid)) if not line.ended), None)


class ProcessTree:
    """A process and its descendants, those whose parents have ended as well if they were seen before."""

    def __init__(self, root: Process | None) -> None:
        self._root = root
        self._seen = {root} if root else set[Process]()

    @classmethod
    def of(cls, pid: int) -> ProcessTree:
        """That of a process by its number; of one that has ended and was not asked how, what is left of it."""
        return cls(next((line.process for line in lines(_stat(pid))), None))

    def look(self) -> frozenset[Process]:
        """All of it that has not ended."""
        now = lines("".join(_stat(int(name)) for name in os.listdir("/proc") if name.isdecimal()))
        by_pid = {line.process.pid: line for line in now}
        while more := {line.process for line in now if line.process not in self._seen and self._is_kin(line, by_pid)}:
            self._seen |= more
        return frozenset(line.process for line in now if line.process in self._seen and not line.ended)

    def end(self, by: signal.Signals, grace: float, *, keeps: bool = False) -> None:
        """Ask the process to end, and its group if it leads one; after ``grace`` seconds kill it with all descendants.

        Of one that ends in time its descendants are killed as well, unless it ``keeps`` what it has left on purpose.
        """
        if not self._ends(by, grace) or not keeps:
            with suppress(WaitTimeout):
                wait_for(lambda: not self._killed(), timeout=_KILLED, every=0.05, what="what was killed to end")

    def _ends(self, by: signal.Signals, grace: float) -> bool:
        if (root := self._root) is None or root not in self.look():
            return True
        with suppress(OSError):
            (os.killpg if os.getpgid(root.pid) == root.pid else os.kill)(root.pid, by)
        with suppress(WaitTimeout):
            return wait_for(lambda: root not in self.look(), timeout=grace, every=0.1, what=f"{root} to end")
        return False

    def _killed(self) -> frozenset[Process]:
        living = self.look()
        for one in living:
            # It may just have ended, or be another user's.
            with suppress(OSError):
                os.kill(one.pid, signal.SIGKILL)
        return living

    def _is_kin(self, line: Line, by_pid: dict[int, Line]) -> bool:
        """True for a child of one that was seen, and for what is in the session that one has led."""
        parent, leader = by_pid.get(line.parent), by_pid.get(line.session)
        if parent is not None and parent.process in self._seen:
            return True
        if leader is not None:
            return leader.process in self._seen
        # The number of one that has ended is nobody else's as long as its session is there.
        return line.session in {one.pid for one in self._seen}


def _stat(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return ""
