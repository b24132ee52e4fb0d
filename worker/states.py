"""The life of a job."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a job is; each change is written down with its time.

    >>> State("running") in LEASED, State.LOST in FINAL
    (True, True)
    """

    QUEUED = "queued"
    CLAIMED = "claimed"
    INSTALLING = "installing"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"


#: A worker has it, for as long as it says so.
LEASED = frozenset({State.CLAIMED, State.INSTALLING, State.RUNNING})
#: Nothing changes any more.
FINAL = frozenset({State.PASSED, State.FAILED, State.CANCELLED, State.LOST})
#: How a worker may say that a job has ended; only the monitor knows that one is lost.
ENDS = FINAL - {State.LOST}
