"""What is still a pass: numbers that a user may set, with the reason for each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

from pytest_whitebox.core.errors import StackproofError


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Times are seconds, shares are of 1.

    >>> Thresholds.given(["p95=1.5", "single=2"]).p95
    1.5
    """

    #: Failed requests that no other saw too. The tag allows none.
    single: int = 0
    #: Slots that were not sampled, and the longest row of them, in periods of the lane.
    unseen: float = 0.01
    longest_unseen: float = 2.0
    #: Ratios of the median and of the 95th percentile to those before the upgrade.
    p50: float = 1.10
    p95: float = 1.20
    #: The share of a window that took longer than 99 of 100 before; or so many times that of the worst window before.
    slow: float = 0.10
    slow_times: float = 1.5
    window: float = 15.0
    #: The shortest time before the upgrade that is compared with.
    baseline: float = 300.0

    @classmethod
    def given(cls, words: Iterable[str]) -> Thresholds:
        """The usual ones, but for these: ``name=number``; raises `StackproofError`."""
        made, kinds = cls(), {field.name: type(getattr(cls(), field.name)) for field in fields(cls)}
        for word in words:
            name, _, text = word.partition("=")
            if name not in kinds:
                raise StackproofError(f"no threshold is called {name!r}", hint=f"set one of {', '.join(kinds)}")
            try:
                made = replace(made, **{name: kinds[name](text)})
            except ValueError:
                raise StackproofError(f"{word!r} gives no number", hint=f"write {name}=NUMBER") from None
        return made
