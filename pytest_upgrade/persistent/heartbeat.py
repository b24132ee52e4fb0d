"""A heartbeat inside the guest: a line per second on its disk, and with it the outages that nobody outside has seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

#: Seconds between two lines that are still a beat: a busy host lets a guest wait.
_LATE = 10
FILE = "/data/stackproof-heartbeat"
#: The guest's user data: writes the time and whether its gateway answers, each second, where a reboot does not reach.
SCRIPT = """#!/bin/sh
mkdir -p /data
gateway=$(ip route | sed -n 's/^default via \\([^ ]*\\).*/\\1/p' | head -n 1)
sh -c '
    while :; do
        if ping -c 1 -W 1 "$1" >/dev/null 2>&1; then word=ok; else word=lost; fi
        echo "$(date +%s) $word" >>"$0"
        sync "$0" 2>/dev/null || sync
        sleep 1
    done
' /data/stackproof-heartbeat "$gateway" </dev/null >/dev/null 2>&1 &
"""


@dataclass(frozen=True, slots=True)
class Outage:
    """From the last good beat to the next, in seconds since 1970: the guest stood still, or had no network."""

    kind: Literal["stopped", "no network"]
    start: float
    end: float

    @property
    def seconds(self) -> float:
        """How long, at most: a beat is a second."""
        return self.end - self.start

    def __str__(self) -> str:
        return f"{self.kind} for {self.seconds:g} s"


def outages(text: str) -> tuple[Outage, ...]:
    """The outages in the lines of a heartbeat; a single lost packet is none.

    >>> [str(one) for one in outages("100 ok\\n101 lost\\n103 lost\\n105 ok\\n106 ok\\n140 ok\\n")]
    ['no network for 5 s', 'stopped for 34 s']
    >>> outages("100 ok\\n101 lost\\n103 ok\\n")
    ()
    """
    beats = [(float(at), word) for at, _, word in (line.partition(" ") for line in text.splitlines()) if at.isdigit()]
    return tuple(sorted([*_still(beats), *_lost(beats)], key=lambda one: one.start))


def _still(beats: list[tuple[float, str]]) -> Iterator[Outage]:
    for (before, _), (after, _) in pairwise(beats):
        if after - before > _LATE:
            yield Outage("stopped", before, after)


def _lost(beats: list[tuple[float, str]]) -> Iterator[Outage]:
    good, count = None, 0
    for at, word in beats:
        if word == "ok":
            if count > 1:
                yield Outage("no network", beats[0][0] if good is None else good, at)
            good, count = at, 0
        else:
            count += 1
    if count > 1:
        yield Outage("no network", beats[0][0] if good is None else good, beats[-1][0])
