"""The clock of all schedules: it never jumps, and goes on while the machine sleeps."""

from __future__ import annotations

import time

SECOND = 1_000_000_000


def now() -> int:
    """Nanoseconds of CLOCK_BOOTTIME: a laptop that slept is late afterwards, which CLOCK_MONOTONIC would not tell."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
