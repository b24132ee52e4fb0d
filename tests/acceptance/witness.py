"""What an observer tells of outages, against what HAProxy wrote down of the same requests."""

from __future__ import annotations

from array import array
from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import compress
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
#: Of the requests that were answered, the share that HAProxy has to have written down; what it lacks proves nothing.
_FEWEST = 0.95
#: What a request came to that HAProxy knows nothing of: it had no connection, or was not sent.
_WITHOUT_HAPROXY = (
    Result.REFUSED, Result.RESET, Result.CLOSED, Result.UNREACHABLE, Result.TIMEOUT, Result.DNS, Result.TLS,
    Result.PROTOCOL, Result.SHED, Result.BROKEN,
)  # fmt: skip
#: Seconds between the sending of a request and its coming to HAProxy, at most.
_UNDER_WAY = 0.1


@dataclass(frozen=True, slots=True)
class Compared:
    """An outage by the observer and the one by HAProxy at that time; one of them may be missing."""

    lane: Lane
    outage: Outage | None
    written: Outage | None

    @property
    def off(self) -> float:
        """Seconds between their begins or their ends, the greater of both."""
        if self.outage is None or self.written is None:
            return float("inf")
        return max(abs(self.outage.begin - self.written.begin), abs(self.outage.until - self.written.until))

    @property
    def is_equal(self) -> bool:
        """True if they are within a slot of each other."""
        return self.off <= self.lane.period

    def __str__(self) -> str:
        return f"{self.lane.name}: {self.outage or 'none'}; by HAProxy: {self.written or 'none'}"


@dataclass(frozen=True, slots=True)
class Share:
    """Of the requests of a lane that were answered, how many HAProxy wrote down."""

    lane: Lane
    answered: int
    written: int

    @property
    def is_enough(self) -> bool:
        """True if so few are missing that the log can be the truth."""
        return self.written >= _FEWEST * self.answered

    def __str__(self) -> str:
        return f"HAProxy wrote down {self.written} of {self.answered} requests of {self.lane.name}"


def compared(lanes: Iterable[Series], log: Sequence[Request]) -> Iterator[Compared]:
    """Each outage of at least two slots that lanes of reading saw from begin to end, or that only HAProxy has."""
    for series in _reading(lanes):
        written, seen = outages(witnessed(series, log)), outages(series)
        for outage in filter(_has_a_length, seen):
            met = [one for one in written if _meet(one, outage)]
            yield Compared(series.lane, outage, min(met, key=lambda one: abs(one.begin - outage.begin), default=None))
        for one in filter(_has_a_length, written):
            if not any(_meet(one, outage, series.lane.period) for outage in seen):
                yield Compared(series.lane, None, one)


def shares(lanes: Iterable[Series], log: Sequence[Request]) -> Iterator[Share]:
    """How much of each lane of reading is in the log at all."""
    for series in _reading(lanes):
        answered = [result not in _WITHOUT_HAPROXY for result in series.result]
        due, late = array("d", compress(series.due, answered)), array("f", compress(series.late, answered))
        yield Share(series.lane, len(due), sum(1 for _ in witnessed(Series(series.lane, due, late=late), log)))


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


def _reading(lanes: Iterable[Series]) -> Iterator[Series]:
    return (series for series in lanes if series.lane.role == "probe")


def _has_a_length(outage: Outage) -> bool:
    return outage.slots >= _SLOTS and outage.end is not None


def _meet(one: Outage, other: Outage, apart: float = 0.0) -> bool:
    return one.begin <= other.until + apart and other.begin <= one.until + apart


def _failed(request: Request) -> bool:
    """True also of one that its client gave up."""
    return request.ended.startswith("C") or not 100 <= request.status < 500
