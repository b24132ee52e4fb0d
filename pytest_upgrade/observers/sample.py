"""What one slot of a lane's schedule has seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pytest_upgrade.observers.result import Result

#: Why slots were not used: the observer did not run in time, or the breaker spared a service that has gone.
Why = Literal["blind", "breaker"]


@dataclass(frozen=True, slots=True)
class Sample:
    """``late`` is from the due instant to the beginning, ``took`` from the due instant to the end, in microseconds.

    ``fresh`` is true of a lane of reused connections where this request needed a new one all the same.
    """

    lane: int
    slot: int
    late: int
    took: int
    result: Result
    status: int = 0
    fresh: bool = False
    request_id: str = ""
    address: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """Slots from the first to the last that were not used."""

    lane: int
    first: int
    last: int
    why: Why


@dataclass(frozen=True, slots=True)
class Trip:
    """The breaker of a lane that writes has opened or closed, at an instant of `clock`."""

    lane: int
    at: int
    open: bool
    why: str
