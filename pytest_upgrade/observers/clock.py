"""The clock of all schedules: it never jumps, and goes on while the machine sleeps."""

from __future__ import annotations

import time

SECOND = 1_000_000_000
#: Of so many looks at both clocks the best one counts.
_LOOKS = 5


def now() -> int:
    """Nanoseconds of CLOCK_BOOTTIME: a laptop that slept is late afterwards, which CLOCK_MONOTONIC would not tell."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def both() -> tuple[int, int]:
    """This clock and that of the wall at the same instant, in nanoseconds.

    A busy machine may take us off between two looks, for seconds: of several the one counts that took the least time.
    """
    looks = [(now(), time.time_ns(), now()) for _ in range(_LOOKS)]
    before, wall, after = min(looks, key=lambda look: look[2] - look[0])
    return (before + after) // 2, wall
