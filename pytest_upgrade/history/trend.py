"""How runs of one kind go over time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import median

from pytest_upgrade.history.account import Account

#: Fewer runs say nothing of a percentile.
ENOUGH = 5


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that so large a share of all values does not exceed.

    >>> percentile([1, 2, 3, 4], 0.5), percentile([1, 2, 3, 4], 0.95)
    (2, 4)
    """
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def trends(accounts: Sequence[Account]) -> Iterator[str]:
    """Verdicts in the order of the runs, then outages and steps in seconds; the oldest run comes first."""
    for key in sorted({key for one in accounts for key in one.verdicts}):
        yield f"{' '.join(key)}: {' '.join(one.verdicts.get(key, 'none') for one in accounts)}"
    for service in sorted({service for one in accounts for service in one.outages}):
        seen = [one.outages[service] for one in accounts if service in one.outages]
        yield f"outage of {service}: {_percentiles(seen)}"
    for step in dict.fromkeys(step for one in reversed(accounts) for step in one.steps):
        took = [one.steps[step] for one in accounts if step in one.steps]
        yield f"step {step}: median {median(took):.1f} s, last {took[-1]:.1f} s of {len(took)}"


def _percentiles(seen: Sequence[float]) -> str:
    if len(seen) < ENOUGH:
        return f"last {seen[-1]:.1f} s; {len(seen)} runs were observed, from {ENOUGH} on there are percentiles"
    told = ", ".join(f"P{round(100 * share)} {percentile(seen, share):.1f} s" for share in (0.50, 0.95, 0.99))
    return f"{told}, last {seen[-1]:.1f} s of {len(seen)}"
