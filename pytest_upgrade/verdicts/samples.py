"""Reading the file of samples, while it grows or after."""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pytest_upgrade.observers.entry import Word
from pytest_upgrade.observers.lane import Lane
from pytest_upgrade.observers.left_out import LeftOut
from pytest_upgrade.observers.notebook import unpacked
from pytest_upgrade.observers.observing import SAMPLES
from pytest_upgrade.observers.result import Result
from pytest_upgrade.verdicts.series import Seen, Series, Span
from pytest_whitebox.core.errors import StackproofError

_SECOND = 1e9
_MICROSECOND = 1e-6
#: The share by which two clocks may run apart.
_DRIFT = 0.01
_FOR_EVER = 1 << 62


@dataclass(frozen=True, slots=True)
class FailedRequest:
    """A failed request as it is told of; ``request_id`` is the server's own if there was an answer."""

    lane: str
    due: float
    result: Result
    status: int
    text: str
    request_id: str
    address: str

    def __str__(self) -> str:
        said = f"{self.result.word}: {self.text}" if self.text else self.result.word
        return f"{self.lane}: {said}, {self.request_id or 'no request id'}"


@dataclass(frozen=True, slots=True)
class ObserverLife:
    """One observer: from when until when it is known to have lived, and whether it ended as it should."""

    pid: int
    machine: str
    priority: str
    begin: float
    end: float
    ended: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the ledger; times are since 1970."""

    lane: Lane
    observer: int
    slot: int
    verb: str
    turn: int
    word: Word
    sent: float
    at: float
    name: str
    text: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Latest:
    """The last samples of a lane, in order; ``failing_since`` is when the outage began that has not ended, or None."""

    lane: Lane
    seen: Sequence[Seen]
    failing_since: float | None


@dataclass(frozen=True, slots=True)
class Tripped:
    """A breaker of writes that opened, or closed, at a time since 1970."""

    lane: str
    at: float
    open: bool
    why: str


_SAMPLES = "SELECT slot, late, took, result, fresh FROM sample WHERE lane = ? ORDER BY slot"
_LAST_LANES = """
SELECT id, observer, begin, period, definition FROM lane
WHERE observer = (SELECT max(observer) FROM lane) ORDER BY id
"""
_LEFT_OUT = "SELECT definition, why FROM left_out WHERE observer = (SELECT max(observer) FROM lane) ORDER BY rowid"
_LATEST = "SELECT slot, took, result FROM sample WHERE lane = ? ORDER BY slot DESC LIMIT ?"
_LAST_GOOD = "SELECT slot FROM sample WHERE lane = ? AND result = 0 ORDER BY slot DESC LIMIT 1"
_FIRST_FAILED = """
SELECT slot FROM sample WHERE lane = ? AND slot > ? AND result IN (SELECT value FROM json_each(?)) ORDER BY slot LIMIT 1
"""
_FAILED = json.dumps([int(result) for result in Result if result.failed])
_GAPS = "SELECT first, last, why FROM gap WHERE lane = ? ORDER BY first"
_FAILURES = """
SELECT lane.observer, lane.begin, lane.period, lane.definition, slot, result, status, said.text, request, place.text
FROM sample JOIN lane ON lane.id = sample.lane JOIN word said ON said.id = sample.text
JOIN word place ON place.id = sample.address WHERE result IN (SELECT value FROM json_each(?)) LIMIT ?
"""
_LEDGER = """
SELECT lane.observer, lane.definition, slot, verb, turn, ledger.word, sent, at, name, said.text, request
FROM ledger JOIN lane ON lane.id = ledger.lane JOIN word said ON said.id = ledger.text ORDER BY ledger.rowid
"""
_TRIPS = (
    "SELECT lane.observer, lane.definition, at, open, why FROM trip JOIN lane ON lane.id = lane ORDER BY trip.rowid"
)


class Samples:
    """The samples of a run's folder."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / SAMPLES
        if not self.are_in(folder):
            raise StackproofError(
                f"there are no samples in {folder}",
                hint="observe beside the upgrade with `pytest-upgrade observe start`",
            )

    @staticmethod
    def are_in(folder: Path) -> bool:
        """True if a run with this folder was observed."""
        return (folder / SAMPLES).is_file()

    def lives(self) -> list[ObserverLife]:
        """All observers, the first first."""
        with self._reading() as connection:
            clocks = _clocks(connection)
            rows = connection.execute("SELECT id, pid, machine, priority, ended FROM observer ORDER BY id")
            return [
                ObserverLife(pid, machine, priority, clocks[id].wall[0] / _SECOND, clocks[id].wall[-1] / _SECOND,
                             ended is not None)
                for id, pid, machine, priority, ended in rows
            ]  # fmt: skip

    def series(self) -> list[Series]:
        """The samples of each lane; what several observers saw of the same lane is one."""
        with self._reading() as connection:
            clocks = _clocks(connection)
            found: dict[Lane, Series] = {}
            asked = "SELECT id, observer, begin, period, definition FROM lane ORDER BY id"
            for id, observer, begin, period, definition in connection.execute(asked).fetchall():
                lane = Lane.from_json(json.loads(definition))
                known = found.get(lane, Series(lane))
                found[lane] = _read(connection, known, id, _Schedule(clocks[observer], begin, period))
        return list(found.values())

    def left_out(self) -> list[LeftOut]:
        """What the last observer does not observe, and why."""
        with self._reading() as connection:
            rows = connection.execute(_LEFT_OUT).fetchall() if _has(connection, "left_out") else []
        return [LeftOut(Lane.from_json(json.loads(definition)), why) for definition, why in rows]

    def latest(self, most: int) -> list[Latest]:
        """The last samples of each lane of the last observer; what it costs does not depend on how much there is."""
        with self._reading() as connection:
            clocks, found = _clocks(connection), list[Latest]()
            for id, observer, begin, period, definition in connection.execute(_LAST_LANES).fetchall():
                schedule = _Schedule(clocks[observer], begin, period)
                rows = connection.execute(_LATEST, (id, most)).fetchall()[::-1]
                good = connection.execute(_LAST_GOOD, (id,)).fetchone()
                failed = connection.execute(_FIRST_FAILED, (id, good[0] if good else -1, _FAILED)).fetchone()
                seen = [Seen(schedule.due(slot), took * _MICROSECOND, Result(result)) for slot, took, result in rows]
                lane = Lane.from_json(json.loads(definition))
                found.append(Latest(lane, seen, schedule.due(failed[0]) if failed else None))
        return found

    def failures(self, begin: float = 0.0, end: float = float("inf"), most: int = 100_000) -> list[FailedRequest]:
        """The failed requests that were due in a time, each with its request id."""
        with self._reading() as connection:
            clocks = _clocks(connection)
            found = [
                FailedRequest(Lane.from_json(json.loads(definition)).name,
                        _Schedule(clocks[observer], first, period).due(slot),
                        Result(result), status, text, unpacked(request), address)
                for observer, first, period, definition, slot, result, status, text, request, address
                in connection.execute(_FAILURES, (_FAILED, most))
            ]  # fmt: skip
        return sorted((one for one in found if begin <= one.due < end), key=lambda one: one.due)

    def ledger(self) -> list[Line]:
        """What became of all that was written to the cloud, in the order in which it was known."""
        with self._reading() as connection:
            if not _has(connection, "ledger"):
                return []
            clocks, lanes = _clocks(connection), _Lanes()
            return [
                Line(lanes[definition], observer, slot, verb, turn, Word(word), clocks[observer].wall_at(sent),
                     clocks[observer].wall_at(at), name, text, unpacked(request))
                for observer, definition, slot, verb, turn, word, sent, at, name, text, request
                in connection.execute(_LEDGER)
            ]  # fmt: skip

    def trips(self) -> list[Tripped]:
        """When breakers of writes opened and closed."""
        with self._reading() as connection:
            if not _has(connection, "trip"):
                return []
            clocks, lanes = _clocks(connection), _Lanes()
            return [
                Tripped(lanes[definition].name, clocks[observer].wall_at(at), bool(open), why)
                for observer, definition, at, open, why in connection.execute(_TRIPS)
            ]  # fmt: skip

    def _reading(self) -> closing[sqlite3.Connection]:
        return closing(sqlite3.connect(f"file:{self._file}?mode=ro", uri=True))


@dataclass(frozen=True)
class _Clocks:
    """Looks at both clocks of one observer, in nanoseconds."""

    boottime: list[int]
    wall: list[int]

    def line(self, boottime: int) -> tuple[int, float, float]:
        """Until which instant the time since 1970 is ``offset + rate * instant``, and these two, in seconds."""
        index = min(max(bisect_right(self.boottime, boottime) - 1, 0), max(len(self.boottime) - 2, 0))
        base, wall, rate = self.boottime[index], self.wall[index], 1.0
        until = self.boottime[index + 1] if index + 2 < len(self.boottime) else _FOR_EVER
        if index + 1 < len(self.boottime) and self.boottime[index + 1] > base:
            rate = (self.wall[index + 1] - wall) / (self.boottime[index + 1] - base)
        # What differs by more than drift was set in between: the looks around it say nothing of the rate.
        rate = 1.0 if abs(rate - 1) > _DRIFT else rate
        return until, wall / _SECOND - rate * base / _SECOND, rate

    def wall_at(self, boottime: int) -> float:
        """An instant as the time since 1970."""
        _, offset, rate = self.line(boottime)
        return offset + rate * boottime / _SECOND


class _Lanes(dict[str, Lane]):
    """Lanes by their definitions, each read once."""

    def __missing__(self, definition: str) -> Lane:
        self[definition] = lane = Lane.from_json(json.loads(definition))
        return lane


def _has(connection: sqlite3.Connection, table: str) -> bool:
    """Files of earlier versions lack some."""
    asked = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
    return connection.execute(asked, (table,)).fetchone() is not None


@dataclass(frozen=True)
class _Schedule:
    clocks: _Clocks
    begin: int
    period: int

    def due(self, slot: int) -> float:
        return self.dues([slot])[0]

    def dues(self, slots: Sequence[int]) -> list[float]:
        """The times of slots in their order: a straight line between two looks at the clocks."""
        found: list[float] = []
        while len(found) < len(slots):
            first = len(found)
            until, offset, rate = self.clocks.line(self.begin + slots[first] * self.period)
            last = bisect_right(slots, (until - self.begin) // self.period, first + 1)
            start, step = offset + rate * self.begin / _SECOND, rate * self.period / _SECOND
            found += [start + step * slot for slot in slots[first:last]]
        return found


def _clocks(connection: sqlite3.Connection) -> dict[int, _Clocks]:
    found: dict[int, _Clocks] = {}
    for observer, boottime, wall in connection.execute("SELECT observer, boottime, wall FROM clock ORDER BY boottime"):
        known = found.setdefault(observer, _Clocks([], []))
        known.boottime.append(boottime)
        known.wall.append(wall)
    return found


def _read(connection: sqlite3.Connection, known: Series, id: int, schedule: _Schedule) -> Series:
    """The series with what one observer saw of it."""
    rows = connection.execute(_SAMPLES, (id,)).fetchall()
    if rows:
        slots, late, took, result, fresh = zip(*rows, strict=True)
        known.due.extend(schedule.dues(slots))
        known.late.extend(value * _MICROSECOND for value in late)
        known.took.extend(value * _MICROSECOND for value in took)
        known.result.extend(result)
        known.fresh.extend(fresh)
    gaps = [
        Span(schedule.due(first), schedule.due(last + 1), why)
        for first, last, why in connection.execute(_GAPS, (id,))
    ]  # fmt: skip
    return Series(
        known.lane, known.due, known.took, known.late, known.result, known.fresh, (*known.gaps, *_joined(gaps))
    )


def _joined(gaps: list[Span]) -> Iterator[Span]:
    """Gaps of the same reason of which one begins where the other ends are one."""
    last: Span | None = None
    for gap in gaps:
        if last is not None and last.why == gap.why and gap.begin - last.end < 2.0:
            last = Span(last.begin, gap.end, gap.why)
            continue
        if last is not None:
            yield last
        last = gap
    if last is not None:
        yield last
