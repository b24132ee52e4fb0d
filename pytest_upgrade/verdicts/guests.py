"""The data plane: what guests wrote of themselves in each second of an upgrade, whether or not anybody observed it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_upgrade.persistent.heartbeat import LATE, Heartbeat
from pytest_upgrade.verdicts.downtime import Window
from pytest_upgrade.verdicts.steps import StepSpan, within
from pytest_upgrade.verdicts.verdict import Finding, Word

#: What stands for them among the services.
SERVICE = "guests"


def judge(guests: Sequence[Heartbeat], window: Window, steps: Sequence[StepSpan]) -> list[Finding]:
    """Outages of guests within the time of the upgrade fail; what does not tell of all of it is inconclusive."""
    found = [finding for guest in guests for finding in _of(guest, window, steps)]
    return found or [Finding("outage", Word.PASS, "no guest stood still or was without a network")]


def resolution(guests: Sequence[Heartbeat]) -> str:
    """What a pass does not exclude."""
    what = f"no guest of {len(guests)}" if len(guests) > 1 else "the guest never"
    return f"{what} stood still for more than {LATE} s, or lost its gateway for more than a second"


def _of(guest: Heartbeat, window: Window, steps: Sequence[StepSpan]) -> Iterator[Finding]:
    for one in guest.outages:
        if one.start < window[1] and one.end > window[0]:
            met = tuple(within(steps, one.start, one.end))
            yield Finding("outage", Word.FAIL, str(one), guest.server, one.start, one.end, met)
    late, early = guest.begin - window[0] > LATE, window[1] - guest.end > LATE
    if not guest.beats or late or early:
        text = "has written nothing of itself"
        if guest.beats:
            lacks = [f"until {guest.begin - window[0]:.0f} s after its begin"] if late else []
            lacks += [f"in its last {window[1] - guest.end:.0f} s"] if early else []
            text = f"tells nothing of the upgrade {' and '.join(lacks)}"
        yield Finding("coverage", Word.INCONCLUSIVE, text, guest.server)
