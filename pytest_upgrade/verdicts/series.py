"""The samples of one lane in a row, in arrays: a night of them fits into memory."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from pytest_upgrade.observers.lane import Lane
from pytest_upgrade.observers.result import Result

#: By their numbers: an enumeration that is called a million times takes seconds.
_RESULTS = tuple(Result)
_NEVER = float("inf")
_FAILED = tuple(result.failed for result in Result)


@dataclass(frozen=True, slots=True)
class Seen:
    """One sample; ``due`` is a time since 1970, ``took`` and ``late`` are seconds from the due instant."""

    due: float
    took: float
    result: Result


@dataclass(frozen=True)
class Span:
    """A time in which a lane was not sampled, and why: blind or breaker."""

    begin: float
    end: float
    why: str


@dataclass(frozen=True)
class Series:
    """A lane's samples by the instants when they were due; ``gaps`` are when it was not sampled."""

    lane: Lane
    due: array[float] = field(default_factory=lambda: array("d"), repr=False)
    took: array[float] = field(default_factory=lambda: array("f"), repr=False)
    late: array[float] = field(default_factory=lambda: array("f"), repr=False)
    result: bytearray = field(default_factory=bytearray, repr=False)
    fresh: bytearray = field(default_factory=bytearray, repr=False)
    gaps: tuple[Span, ...] = ()

    def __len__(self) -> int:
        return len(self.due)

    def __iter__(self) -> Iterator[Seen]:
        for due, took, result in zip(self.due, self.took, self.result, strict=True):
            yield Seen(due, took, _RESULTS[result])

    def between(self, begin: float, end: float) -> Series:
        """The samples that were due in a time, its end not included."""
        cut = slice(bisect_left(self.due, begin), bisect_left(self.due, end))
        gaps = tuple(
            Span(max(gap.begin, begin), min(gap.end, end), gap.why)
            for gap in self.gaps if gap.end > begin and gap.begin < end
        )  # fmt: skip
        return Series(self.lane, self.due[cut], self.took[cut], self.late[cut], self.result[cut], self.fresh[cut], gaps)

    @property
    def failures(self) -> list[Seen]:
        """The samples that a user would call failures."""
        return [seen for seen in self.eventful if seen.result.failed]

    @property
    def eventful(self) -> list[Seen]:
        """The samples that are not simply good, and the good ones next to them: all that outages depend on."""
        odd = [index for index, result in enumerate(self.result) if result] if any(self.result) else []
        near = sorted({near for index in odd for near in (index - 1, index, index + 1) if 0 <= near < len(self)})
        return [Seen(self.due[index], self.took[index], _RESULTS[self.result[index]]) for index in near]

    @cached_property
    def censored(self) -> Sequence[float]:
        """The times of all answers; one that failed took longer than any: it cannot make a service look faster."""
        if not any(self.result):
            return self.took
        return [_NEVER if _FAILED[result] else took for took, result in zip(self.took, self.result, strict=True)]
