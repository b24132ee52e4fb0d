"""The file of samples: SQLite, only ever added to, readable while it grows, whole after a crash."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from pytest_upgrade.observers import clock
from pytest_upgrade.observers.entry import Entry
from pytest_upgrade.observers.lane import Lane
from pytest_upgrade.observers.left_out import LeftOut
from pytest_upgrade.observers.sample import Gap, Sample, Trip

#: Seconds between two commits: what a crash of the machine may take along.
_EVERY = 0.5
#: Seconds between two looks at both clocks; the latest says until when the observer lived.
_CLOCK = 5.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS observer (
    id INTEGER PRIMARY KEY, pid INTEGER NOT NULL, machine TEXT NOT NULL, priority TEXT NOT NULL, ended INTEGER
);
CREATE TABLE IF NOT EXISTS lane (
    id INTEGER PRIMARY KEY, observer INTEGER NOT NULL, begin INTEGER NOT NULL, period INTEGER NOT NULL,
    definition TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS left_out (observer INTEGER NOT NULL, definition TEXT NOT NULL, why TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS clock (observer INTEGER NOT NULL, boottime INTEGER NOT NULL, wall INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS word (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS gap (
    lane INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, why TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS trip (
    lane INTEGER NOT NULL, at INTEGER NOT NULL, open INTEGER NOT NULL, why TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS ledger (
    lane INTEGER NOT NULL, slot INTEGER NOT NULL, verb TEXT NOT NULL, turn INTEGER NOT NULL, word TEXT NOT NULL,
    sent INTEGER NOT NULL, at INTEGER NOT NULL, name TEXT NOT NULL, text INTEGER NOT NULL, request BLOB
);
CREATE TABLE IF NOT EXISTS sample (
    lane INTEGER NOT NULL, slot INTEGER NOT NULL, late INTEGER NOT NULL, took INTEGER NOT NULL,
    result INTEGER NOT NULL, status INTEGER NOT NULL, fresh INTEGER NOT NULL, address INTEGER NOT NULL,
    text INTEGER NOT NULL, request BLOB, PRIMARY KEY (lane, slot)
) WITHOUT ROWID;
"""
_ENTER = "INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_INSERT = "INSERT OR IGNORE INTO sample VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_UUID_ID = "req-"
Seen = Sample | Gap | Entry | Trip


class Notebook:
    """Written by one observer: ``record`` may be called from its loop and never waits for the disk."""

    def __init__(self, file: Path, priority: str) -> None:
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
        self._connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(_SCHEMA)
        self._words: dict[str, int] = {text: id for id, text in self._connection.execute("SELECT id, text FROM word")}
        done = self._connection.execute(
            "INSERT INTO observer (pid, machine, priority) VALUES (?, ?, ?)",
            (os.getpid(), os.uname().nodename, priority),
        )
        self._observer = done.lastrowid or 0
        self._new: list[Seen] = []
        self._ending = threading.Event()
        self._clock_at = 0.0
        self._look_at_clock()
        self._thread = threading.Thread(target=self._write_on, name="notebook", daemon=True)
        self._thread.start()

    def lane(self, lane: Lane, begin: int) -> int:
        """Write a lane down and return its number; slot ``k`` is due at ``begin + k * period``, by `clock`."""
        row = (self._observer, begin, int(lane.period * clock.SECOND), json.dumps(asdict(lane)))
        done = self._connection.execute(
            "INSERT INTO lane (observer, begin, period, definition) VALUES (?, ?, ?, ?)", row
        )
        return done.lastrowid or 0

    def left_out(self, one: LeftOut) -> None:
        """Write down what is not observed, and why."""
        row = (self._observer, json.dumps(asdict(one.lane)), one.why)
        self._connection.execute("INSERT INTO left_out VALUES (?, ?, ?)", row)

    def record(self, seen: Seen) -> None:
        """Keep what was seen; it is in the file within a second."""
        self._new.append(seen)

    def close(self) -> None:
        """Write the rest, and that the observer has ended as it should."""
        self._ending.set()
        self._thread.join()
        self._look_at_clock()
        self._connection.execute("UPDATE observer SET ended = ? WHERE id = ?", (clock.now(), self._observer))
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.close()

    def _write_on(self) -> None:
        while not self._ending.wait(_EVERY):
            self._write()
        self._write()

    def _write(self) -> None:
        taken, self._new = self._new, []
        samples = [one for one in taken if isinstance(one, Sample)]
        gaps = [(one.lane, one.first, one.last, one.why) for one in taken if isinstance(one, Gap)]
        entries = [one for one in taken if isinstance(one, Entry)]
        trips = [(one.lane, one.at, one.open, one.why) for one in taken if isinstance(one, Trip)]
        self._connection.execute("BEGIN")
        self._learn(text for one in samples for text in (one.address, one.text))
        self._learn(one.text for one in entries)
        self._connection.executemany(_INSERT, map(self._row, samples))
        self._connection.executemany("INSERT INTO gap VALUES (?, ?, ?, ?)", gaps)
        self._connection.executemany(_ENTER, map(self._line, entries))
        self._connection.executemany("INSERT INTO trip VALUES (?, ?, ?, ?)", trips)
        if time.monotonic() - self._clock_at > _CLOCK:
            self._look_at_clock()
        self._connection.execute("COMMIT")

    def _learn(self, texts: Iterable[str]) -> None:
        for text in set(texts) - self._words.keys():
            done = self._connection.execute("INSERT INTO word (text) VALUES (?)", (text,))
            self._words[text] = done.lastrowid or 0

    def _row(self, one: Sample) -> tuple[object, ...]:
        return (
            one.lane, one.slot, one.late, one.took, int(one.result), one.status, int(one.fresh),
            self._words[one.address], self._words[one.text], packed(one.request_id),
        )  # fmt: skip

    def _line(self, one: Entry) -> tuple[object, ...]:
        return (
            one.lane, one.slot, one.verb, one.turn, str(one.word), one.sent, one.at, one.name,
            self._words[one.text], packed(one.request_id),
        )  # fmt: skip

    def _look_at_clock(self) -> None:
        self._clock_at = time.monotonic()
        self._connection.execute("INSERT INTO clock VALUES (?, ?, ?)", (self._observer, *clock.both()))


def packed(request_id: str) -> bytes | str | None:
    """A request id as it is stored: sixteen bytes for what is a UUID.

    >>> len(packed("req-3f9a1c00-0000-4000-8000-000000000000")), packed("tx1"), packed("")
    (16, 'tx1', None)
    """
    digits = request_id.removeprefix(_UUID_ID).replace("-", "")
    if request_id.startswith(_UUID_ID) and len(digits) == 32:
        try:
            return bytes.fromhex(digits)
        except ValueError:
            pass
    return request_id or None


def unpacked(stored: bytes | str | None) -> str:
    """The id that was packed.

    >>> unpacked(packed("req-3f9a1c00-0000-4000-8000-000000000000"))
    'req-3f9a1c00-0000-4000-8000-000000000000'
    """
    if not isinstance(stored, bytes):
        return stored or ""
    digits = stored.hex()
    return f"{_UUID_ID}{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
