"""Requests to APIs, counted: how many, how they ended, and how long they took."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from devcloud.measure.request import Request


@dataclass(frozen=True, slots=True)
class Traffic:
    """The requests to one API; milliseconds are from the first byte of a request to the last of its answer.

    ``statuses`` counts by class, such as ``2xx``; ``instances`` by the instance that answered, where an empty
    name stands for HAProxy itself. ``retried`` are those that HAProxy had to send more than once.
    """

    api: str
    requests: int
    statuses: Mapping[str, int]
    instances: Mapping[str, int]
    retried: int
    p50: int
    p90: int
    p99: int
    longest: int


def traffic(seen: Iterable[Request]) -> list[Traffic]:
    """Requests summed up by API, the busiest first."""
    grouped: dict[str, list[Request]] = {}
    for request in seen:
        grouped.setdefault(request.api, []).append(request)
    return sorted((_summed(api, group) for api, group in grouped.items()), key=lambda one: -one.requests)


def percentile(ordered: Sequence[int], share: float) -> int:
    """The smallest of the values that is not less than ``share`` of them.

    >>> percentile([1, 2, 3, 4], 0.5), percentile([1, 2, 3, 4], 0.99), percentile([7], 0.5)
    (2, 4, 7)
    """
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]


def _summed(api: str, group: Sequence[Request]) -> Traffic:
    took = sorted(request.timers.total for request in group)
    return Traffic(
        api,
        requests=len(group),
        statuses=dict(sorted(Counter(_class(request.status) for request in group).items())),
        instances=dict(sorted(Counter(request.instance for request in group).items())),
        retried=sum(request.retries > 0 for request in group),
        p50=percentile(took, 0.5),
        p90=percentile(took, 0.9),
        p99=percentile(took, 0.99),
        longest=took[-1],
    )


def _class(status: int) -> str:
    return f"{status // 100}xx" if status > 0 else "none"
