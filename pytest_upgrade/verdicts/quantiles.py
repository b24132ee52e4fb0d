"""Quantiles of response times, and how sure they are."""

from __future__ import annotations

import math
import random
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

#: Bins of the bootstrap are one percent wide: finer than any limit.
_BIN = math.log(1.01)
_RESAMPLES = 200
#: Bounds of the interval: of 200 resamples one in each tail.
_TAIL = 0.005


def quantile(values: Sequence[float], share: float) -> float:
    """The value that a share of all do not exceed; of none it is not a number.

    >>> quantile([4.0, 1.0, 3.0, 2.0], 0.5), quantile([1.0, float("inf")], 0.99)
    (2.0, inf)
    """
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def ratio_bounds(
    before: Sequence[Sequence[float]], after: Sequence[Sequence[float]], share: float
) -> tuple[float, float]:
    """Where the ratio of two quantiles lies with 99 % certainty, by a bootstrap of blocks.

    Response times that follow each other are alike; so whole blocks are drawn, never single samples. The draw is
    always the same, so that a verdict that is given again is the same verdict.
    """
    chance = random.Random(1)  # noqa: S311 -- statistics
    first, second = _Draw.of(before), _Draw.of(after)
    ratios = sorted(
        math.exp(_BIN * (second.quantile(share, chance) - first.quantile(share, chance))) for _ in range(_RESAMPLES)
    )
    edge = int(_TAIL * _RESAMPLES)
    return ratios[edge], ratios[-1 - edge]


def blocks(due: Sequence[float], values: Sequence[float], seconds: float) -> list[list[float]]:
    """The values by pieces of time of a length; a piece in which there are none is empty.

    >>> blocks([0.0, 1.0, 2.0, 6.0], [5.0, 6.0, 7.0, 8.0], 2.0)
    [[5.0, 6.0], [7.0], [], [8.0]]
    """
    if not len(due):
        return []
    edges = [bisect_left(due, due[0] + number * seconds) for number in range(int((due[-1] - due[0]) // seconds) + 1)]
    return [list(values[first:last]) for first, last in pairwise([*edges, len(due)])]


@dataclass(frozen=True)
class _Draw:
    """Blocks to draw from: for each bin, how many values of each block are not above it."""

    bins: list[int]
    counts: list[list[int]]
    sizes: list[int]

    @classmethod
    def of(cls, blocks: Sequence[Sequence[float]]) -> _Draw:
        histograms = [Counter(map(_bin, block)) for block in blocks if block]
        bins = sorted(set().union(*histograms))
        by_block = [list(accumulate(histogram[bin] for bin in bins)) for histogram in histograms]
        return cls(bins, [list(counts) for counts in zip(*by_block, strict=True)], [one.total() for one in histograms])

    def quantile(self, share: float, chance: random.Random) -> int:
        """The bin of the quantile in as many blocks as there are, drawn by chance."""
        drawn = chance.choices(range(len(self.sizes)), k=len(self.sizes))
        wanted = share * sum(map(self.sizes.__getitem__, drawn))
        found = bisect_left(self.counts, wanted, key=lambda counts: sum(map(counts.__getitem__, drawn)))
        return self.bins[min(found, len(self.bins) - 1)]


def _bin(value: float) -> int:
    """Infinity has a bin far above all others."""
    return 10_000 if math.isinf(value) else round(math.log(max(value, 1e-6)) / _BIN)
