"""Two clocks are looked at as one, also where the machine takes us off in between."""

from __future__ import annotations

import time
from itertools import count

import pytest

from pytest_upgrade.observers import clock


def test_a_look_during_which_time_went_by_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each second look is interrupted for two seconds, between the one clock and the other."""
    boottime, looks = [100 * clock.SECOND], count()

    def now() -> int:
        boottime[0] += 1000
        return boottime[0]

    def wall() -> int:
        boottime[0] += 2 * clock.SECOND if next(looks) % 2 == 0 else 1000
        return boottime[0] + 7 * clock.SECOND

    monkeypatch.setattr(clock, "now", now)
    monkeypatch.setattr(time, "time_ns", wall)
    at, told = clock.both()
    assert abs(told - at - 7 * clock.SECOND) < 2000
