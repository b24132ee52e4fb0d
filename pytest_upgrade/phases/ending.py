"""When the phase `during` ends: it never ends by itself."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.wait import wait_for

if TYPE_CHECKING:
    from pytest_upgrade.store import Store

_UNITS = {"s": 1, "m": 60, "h": 3600}
_TIME = re.compile(r"(\d+(?:\.\d+)?)([smh]?)")
#: Seconds between two looks: the end is judged to be no later than this.
_EVERY = 0.5
_YEARS = 1e9


def seconds(text: str) -> float:
    """A time as people write it.

    >>> seconds("30m"), seconds("90"), seconds("1.5h")
    (1800.0, 90.0, 5400.0)
    """
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no time: write 90s, 30m or 2h")
    return float(found[1]) * _UNITS[found[2] or "s"]


@dataclass(frozen=True, slots=True)
class Ending:
    """The conditions, of which the first that comes true ends the phase; ``began`` is when the phase did.

    ``until`` is a file that appears, ``deadline`` a time since 1970; 0 stands for none.
    """

    began: float
    until: Path | None = None
    deadline: float = 0.0

    def check(self, store: Store, run: str) -> None:
        """Raise `StackproofError` if the phase would end before it has begun."""
        if self.until is not None and self.until.exists():
            raise StackproofError(
                f"the file {self.until} of --upgrade-until is there already",
                hint="remove it; whoever upgrades makes it at the end",
            )
        whole = [event for event in store.events.of(run, step="") if event.kind in ("begin", "end")]
        if whole and whole[-1].kind == "end":
            raise StackproofError(
                f"the upgrade of run {run} has ended",
                hint="go on with --phase=post, or tell that another begins with `pytest-upgrade mark begin`",
            )

    def reached(self, store: Store, run: str) -> str:
        """What has ended the phase, in words; empty if nothing has yet."""
        if self.deadline and time.time() >= self.deadline:
            return "the time of --upgrade-for is over"
        if self.until is not None and self.until.exists():
            return f"{self.until} is there"
        ends = store.events.of(run, step="", kind="end")
        return "the upgrade has ended" if ends and ends[-1].at >= self.began else ""

    def wait(self, store: Store, run: str) -> str:
        """Wait for the end and return what it was; Ctrl-C is one, too."""
        try:
            return wait_for(
                lambda: self.reached(store, run), timeout=_YEARS, every=_EVERY, what="the end of the upgrade",
            )  # fmt: skip
        except KeyboardInterrupt:
            return "Ctrl-C"
