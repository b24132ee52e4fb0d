"""A heartbeat inside the guest: a line per second on its disk, and with it the outages that nobody outside has seen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

from pytest_upgrade.store.values import Artifact

if TYPE_CHECKING:
    from pytest_upgrade.store import Store
    from pytest_upgrade.store.values import Run

#: Seconds between two lines that are still a beat: a busy host lets a guest wait.
LATE = 10
FILE = "/data/stackproof-heartbeat"
#: The time in a guest, by a shell. Its system clock stands still while the guest does, and does not make up for that
#: afterwards; its hardware clock is the host's and goes on, so it is taken where the guest has one.
_CLOCK = "{ cat /sys/class/rtc/rtc0/since_epoch 2>/dev/null || date +%s; }"
#: What a shell in the guest says of the file that it is given, and, last, of its clock.
READ = f'cat "$1"; {_CLOCK}'
#: What the artifacts of a run are called that were read of guests, and the form that they have.
_NAME, _MEDIA = "heartbeat of ", "application/json"
#: The guest's user data: writes the time and whether its gateway answers, each second, where a reboot does not reach.
SCRIPT = f"""#!/bin/sh
mkdir -p /data
gateway=$(ip route | sed -n 's/^default via \\([^ ]*\\).*/\\1/p' | head -n 1)
sh -c '
    while :; do
        if ping -c 1 -W 1 "$1" >/dev/null 2>&1; then word=ok; else word=lost; fi
        echo "$({_CLOCK}) $word" >>"$0"
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


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What the guest of a server wrote down, by our clock: from when until when, how many beats, and its outages."""

    server: str
    begin: float
    end: float
    beats: int
    outages: tuple[Outage, ...] = ()

    @classmethod
    def from_text(cls, server: str, text: str, asked: float, answered: float) -> Heartbeat:
        """What `READ` has said, which was asked for and answered at these times of our own clock.

        A guest may have another time than we have: it is taken for ours only if it can have been.

        >>> Heartbeat.from_text("web", "100 ok\\n101 ok\\n160 ok\\n160\\n", 1160.2, 1160.8).outages[0].start
        1101.0
        """
        lines, _, now = text.rstrip("\n").rpartition("\n")
        told = float(now) if now.isdigit() else asked
        ahead = 0.0 if asked - 1 <= told <= answered else told + 0.5 - (asked + answered) / 2
        instants = [float(at) for at, _, _ in (line.partition(" ") for line in lines.splitlines()) if at.isdigit()]
        found = tuple(replace(one, start=one.start - ahead, end=one.end - ahead) for one in outages(lines))
        first, last = (instants[0], instants[-1]) if instants else (told, told)
        return cls(server, first - ahead, last - ahead, len(instants), found)

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Heartbeat:
        """What `dataclasses.asdict` has taken apart."""
        return cls(**{**row, "outages": tuple(Outage(**one) for one in row["outages"])})

    def keep(self, store: Store, run: str, phase: str) -> None:
        """Write it down in the place of what was read of the same guest before."""
        data = json.dumps(asdict(self)).encode()
        store.artifacts.replace(run, Artifact(phase, f"{_NAME}{self.server}", _MEDIA, data), "name")


def kept(store: Store, run: Run) -> list[Heartbeat]:
    """The last that was read of each guest of a run."""
    found = [one for one in store.artifacts.of(run.id, media=_MEDIA) if one.name.startswith(_NAME)]
    return [Heartbeat.from_json(json.loads(one.data)) for one in sorted(found, key=lambda one: one.name)]


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
        if after - before > LATE:
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
