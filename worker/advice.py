"""How many workers there should be, for whoever starts and ends them: an autoscaler, a timer, a person."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .states import LEASED, State


@dataclass(frozen=True, slots=True)
class Advice:
    """``slots`` are those with which all jobs end within the time; ``seconds`` is how long a job takes."""

    queued: int
    running: int
    seconds: float
    slots: int

    @property
    def mapping(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)


def advise(counts: Mapping[str, int], ended: Iterable[Mapping[str, Any]], within: float, usual: float) -> Advice:
    """From how many jobs are in each state, and from jobs that have ended; ``usual`` is taken if none has.

    A job that runs has half of its time to go, on average. Times are seconds.

    >>> counts = {"queued": 90, "running": 20}
    >>> advise(counts, [{"began": 1.0, "changed": 301.0}, {"began": 1.0, "changed": 501.0}], within=3600, usual=60)
    Advice(queued=90, running=20, seconds=400.0, slots=12)
    """
    took = [one["changed"] - one["began"] for one in ended if one["began"]]
    seconds = sum(took) / len(took) if took else usual
    queued, running = counts.get(State.QUEUED, 0), sum(counts.get(state, 0) for state in LEASED)
    work = queued * seconds + running * seconds / 2
    slots = math.ceil(work / within)
    # One job takes its time whatever the number of slots: more than there are jobs is of no use.
    return Advice(queued, running, round(seconds, 1), min(max(slots, 1 if queued + running else 0), queued + running))
