"""A figure: several measurements of one thing, its median, and the limit it has to keep."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pytest_whitebox.core.command import run


@dataclass(frozen=True, slots=True)
class Figure:
    """Measurements of one thing, in one unit; ``limit`` is what the median must not exceed.

    >>> Figure("boot to ACTIVE", "s", (12.0, 11.0, 19.0), limit=20).median
    12.0
    """

    name: str
    unit: str
    values: tuple[float, ...]
    limit: float | None = None
    note: str = ""

    @property
    def median(self) -> float:
        """The value to quote."""
        return statistics.median(self.values)

    @property
    def kept(self) -> bool:
        """True if there is no limit or the median keeps it."""
        return self.limit is None or self.median <= self.limit

    def row(self) -> str:
        """The figure as a row of a table."""
        spread = f"{_short(min(self.values))} to {_short(max(self.values))}, n={len(self.values)}"
        limit = "" if self.limit is None else f"{_short(self.limit)} {self.unit}"
        return f"| {self.name} | **{_short(self.median)} {self.unit}** | {spread} | {limit} | {self.note} |"


def _short(value: float) -> str:
    return f"{value:.1f}" if abs(value) < 100 and value != int(value) else f"{value:.0f}"


def seconds(
    command: Sequence[str], *, timeout: float, env: Mapping[str, str] | None = None, cwd: str | None = None
) -> float:
    """Wall-clock seconds of a whole process from start to end; raises `CommandFailed` if it fails."""
    began = time.perf_counter()
    run(command, timeout=timeout, env=env, cwd=cwd)
    return time.perf_counter() - began


def processor_seconds(command: Sequence[str], *, timeout: float, env: Mapping[str, str], cwd: str) -> float:
    """Processor seconds, user and system, of a whole process and its children: what a busy machine changes least."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(command, timeout=timeout, env=env, cwd=cwd)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def differences(a: Sequence[float], b: Sequence[float]) -> tuple[float, ...]:
    """``a - b`` pair by pair, in milliseconds: what changed between two runs that followed each other."""
    return tuple((left - right) * 1000 for left, right in zip(a, b, strict=True))
