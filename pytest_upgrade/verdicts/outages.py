"""Outages: what a row of failed slots says of how long a service was away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isinf

from pytest_upgrade.observers.result import Result
from pytest_upgrade.verdicts.series import Seen

#: Seconds between two outages up to which they belong together: a service that answers now and then.
TOGETHER = 5.0


@dataclass(frozen=True, slots=True)
class Outage:
    """A longest row of failed slots of one lane.

    It began after ``last_ok`` and not after ``begin``, and ended after ``last_failed`` and not after ``end``, the first
    good slot; each is a time since 1970, None where nothing was seen before or after. ``words`` are the classes of its
    failures.

    >>> ok, bad = Result.OK, Result.REFUSED
    >>> (one,) = outages(Seen(due, 0.01, result) for due, result in enumerate([ok, bad, bad, ok]))
    >>> one.seconds, one.least, one.most
    (2, 1, 3)
    """

    begin: float
    last_failed: float
    last_ok: float | None
    end: float | None
    slots: int
    words: tuple[str, ...]

    @property
    def seconds(self) -> float:
        """How long it was, as well as can be told; of one that was not seen to end, how long at least."""
        return (self.last_failed if self.end is None else self.end) - self.begin

    @property
    def least(self) -> float:
        """It was at least so long."""
        return self.last_failed - self.begin

    @property
    def most(self) -> float:
        """It was shorter than this."""
        return float("inf") if self.end is None or self.last_ok is None else self.end - self.last_ok

    @property
    def until(self) -> float:
        """Its end, or the last that was seen of it."""
        return self.last_failed if self.end is None else self.end

    def __str__(self) -> str:
        open = "" if self.end is not None else " and was not seen to end"
        bounds = f"{self.least:.1f} s at least" if isinf(self.most) else f"{self.least:.1f} to {self.most:.1f} s"
        return f"{self.slots} failed in {self.seconds:.1f} s{open} ({bounds}; {', '.join(self.words)})"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Outages of a lane with little time between them: the share of requests that failed from first to last."""

    outages: tuple[Outage, ...]
    samples: int

    @property
    def failures(self) -> int:
        """How many requests failed."""
        return sum(outage.slots for outage in self.outages)

    @property
    def ratio(self) -> float:
        """Of all within it, the share that failed."""
        return self.failures / self.samples

    @property
    def begin(self) -> float:
        """When the first began."""
        return self.outages[0].begin

    @property
    def until(self) -> float:
        """When the last ended."""
        return self.outages[-1].until


def outages(samples: Iterable[Seen]) -> list[Outage]:
    """The outages in samples of one lane, in order; a sample that says nothing of the service ends none."""
    found: list[Outage] = []
    row: list[Seen] = []
    last_ok: float | None = None
    for seen in samples:
        if seen.result.failed:
            row.append(seen)
        elif seen.result is Result.OK:
            if row:
                found.append(_outage(row, last_ok, seen.due))
            row, last_ok = [], seen.due
    return [*found, _outage(row, last_ok, None)] if row else found


def together(found: Sequence[Outage], due: Sequence[float], apart: float = TOGETHER) -> list[Trouble]:
    """Outages that are no further apart than these seconds, with how many samples there were from first to last."""
    groups: list[list[Outage]] = []
    for outage in found:
        if groups and outage.begin - groups[-1][-1].until <= apart:
            groups[-1].append(outage)
        else:
            groups.append([outage])
    return [Trouble(tuple(group), sum(group[0].begin <= at <= group[-1].last_failed for at in due)) for group in groups]


def _outage(row: Sequence[Seen], last_ok: float | None, end: float | None) -> Outage:
    words = Counter(seen.result.word for seen in row)
    return Outage(row[0].due, row[-1].due, last_ok, end, len(row), tuple(word for word, _ in words.most_common()))
