"""Whether this machine has time to observe."""

from __future__ import annotations

import os

#: The load of each CPU above which an observer would measure this machine instead of the cloud.
_MOST = 4.0


def warning() -> str:
    """What follows if this machine is too busy to observe, in a sentence; empty if it is not."""
    return told(os.getloadavg()[0], os.cpu_count() or 1)


def told(load: float, cpus: int) -> str:
    """The sentence for a load average and a number of CPUs.

    >>> told(8.0, 2)
    ''
    >>> told(8.1, 2)
    'this machine is too busy to observe (load 8.1, CPUs 2): slots will be late or blind and verdicts inconclusive; ...'
    """
    if load <= _MOST * cpus:
        return ""
    return (
        f"this machine is too busy to observe (load {load:.1f}, CPUs {cpus}):"
        " slots will be late or blind and verdicts inconclusive; observe from another one, or wait"
    )
