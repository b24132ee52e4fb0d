"""What an observer tells of outages, against what HAProxy wrote down of the same requests."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from devcloud.measure.request import Request
from pytest_upgrade.observers.lane import Lane
from pytest_upgrade.observers.result import Result
from pytest_upgrade.verdicts.outages import Outage, outages
from pytest_upgrade.verdicts.series import Seen, Series

#: What HAProxy calls the API of a service.
_APIS = {
    "identity": "keystone", "compute": "nova", "network": "neutron", "block-storage": "cinder", "image": "glance",
    "placement": "placement", "object-store": "swift",
}  # fmt: skip
#: An outage of one slot has no length that could be compared.
_SLOTS = 2
#: Seconds between the sending of a request and its coming to HAProxy, at most.
_UNDER_WAY = 0.1


@dataclass(frozen=True, slots=True)
class Compared:
    """An outage by the observer, and the one that HAProxy has at that time, if any."""

    lane: Lane
    outage: Outage
    written: Outage | None

    @property
    def off(self) -> float:
        """Seconds between their begins or their ends, the greater of both."""
        if self.written is None:
            return float("inf")
        return max(abs(self.outage.begin - self.written.begin), abs(self.outage.until - self.written.until))

    @property
    def is_equal(self) -> bool:
        """True if they are within a slot of each other."""
        return self.off <= self.lane.period

    def __str__(self) -> str:
        return f"{self.lane.name}: {self.outage}; by HAProxy: {self.written or 'none'}"


def compared(lanes: Iterable[Series], log: Sequence[Request]) -> Iterator[Compared]:
    """Each outage of at least two slots that lanes of reading saw from begin to end."""
    for series in lanes:
        if series.lane.role != "probe":
            continue
        written = outages(witnessed(series, log))
        for outage in outages(series):
            if outage.slots >= _SLOTS and outage.end is not None:
                met = [one for one in written if one.begin <= outage.until and outage.begin <= one.until]
                yield Compared(
                    series.lane, outage, min(met, key=lambda one: abs(one.begin - outage.begin), default=None)
                )


def witnessed(series: Series, log: Iterable[Request]) -> Iterator[Seen]:
    """The requests of a lane as HAProxy tells of them: when each came, and whether it was answered well and in time."""
    lane = series.lane
    path = urlsplit(lane.url).path or "/"
    wanted = (_APIS[lane.service], lane.method, path)
    asked = sorted(
        (one for one in log if (one.api, one.method, one.path) == wanted), key=lambda one: one.began.timestamp()
    )
    begins = [one.began.timestamp() for one in asked]
    for due, late in zip(series.due, series.late, strict=True):
        sent = due + late
        place = bisect(begins, sent)
        near = min(
            range(max(place - 1, 0), min(place + 1, len(begins))), key=lambda one: abs(begins[one] - sent), default=0
        )
        if begins and abs(begins[near] - sent) <= _UNDER_WAY:
            took = begins[near] - due + asked[near].timers.total / 1000
            failed = _failed(asked[near]) or took >= lane.timeout
            yield Seen(begins[near], took, Result.UNAVAILABLE if failed else Result.OK)


def _failed(request: Request) -> bool:
    """True also of one that its client gave up."""
    return request.ended.startswith("C") or not 100 <= request.status < 500
