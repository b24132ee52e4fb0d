"""The worker's room of the store: who has a job, and only who has it says how it is and how it ended."""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, insert, update

from pytest_whitebox.core.storing import Storage

from ..job import Change, Claim, Conflict, Result
from ..states import ENDS, LEASED, State
from . import tables
from .rows import end, keep_log, note, requeue, row_of

_jobs = tables.jobs


@dataclass(frozen=True, slots=True)
class Rules:
    """``lease`` is for how many seconds a job is a worker's who says nothing; ``deaths`` is how many it may take along.

    ``slack`` is for how many seconds after its deadline a job may still be tidying up.
    """

    lease: float = 30.0
    deaths: int = 3
    slack: float = 600.0


@dataclass(frozen=True, slots=True)
class Leases:
    """A job is the worker's who shows its lease, for as long as the rules say."""

    database: Storage
    rules: Rules

    def claim(self, job: str, *, worker: str, now: float, digest: str = "") -> Claim:
        """Give a job to a worker; raises `Conflict` if it cannot have it, `UnknownJob` if there is none.

        ``digest`` is that of the payload as the worker has it: one that differs did not come from here.
        """
        lease = secrets.token_urlsafe(24)
        with self.database.writing() as connection:
            row = row_of(connection, job)
            if digest and digest != row["digest"]:
                raise Conflict(f"job {job} was submitted with another payload", hint="leave it")
            if row["state"] != State.QUEUED:
                raise Conflict(f"job {job} is {row['state']}", hint="leave it")
            attempt = row["attempt"] + 1
            values = {
                "state": State.CLAIMED,
                "began": now, "changed": now, "attempt": attempt, "worker": worker, "lease": _hidden(lease),
                "lease_until": now + self.rules.lease, "done": 0, "total": 0, "stop": "", "sentence": "",
            }  # fmt: skip
            where = (_jobs.c.id == job, _jobs.c.state == State.QUEUED, _jobs.c.attempt == row["attempt"])
            if connection.execute(update(_jobs).where(*where).values(**values)).rowcount != 1:
                raise Conflict(f"job {job} is another worker's", hint="leave it")
            note(connection, row, Change(now, attempt, State.CLAIMED, worker))
        return Claim(lease, attempt, self.rules.lease)

    def report(
        self, job: str, lease: str, state: State, *, now: float, done: int = 0, total: int = 0, log: str = "",
        text: str = "",
    ) -> str:  # fmt: skip
        """Hear from the worker that has a job; returns why it is to stop, nothing if it is to go on.

        Raises `Conflict` if the lease is no longer its.
        """
        if state not in LEASED:
            raise Conflict(f"{state} is no state of a job that goes on", hint="say how it ended")
        with self.database.writing() as connection:
            row = _own(connection, job, lease)
            values: dict[str, Any] = {"lease_until": now + self.rules.lease, "done": done, "total": total}
            if state != row["state"]:
                values |= {"state": state, "changed": now}
                note(connection, row, Change(now, row["attempt"], state, row["worker"], text))
            connection.execute(update(_jobs).where(_jobs.c.id == job).values(**values))
            keep_log(connection, row, log)
        return str(row["stop"])

    def finish(
        self, job: str, lease: str, state: State, *, now: float, results: Sequence[Result] = (), sentence: str = "",
        log: str = "",
    ) -> None:  # fmt: skip
        """Count a job, once and for all; raises `Conflict` if the lease is no longer its."""
        if state not in ENDS:
            raise Conflict(f"{state} is no end of a job that a worker has", hint="say how it ended")
        with self.database.writing() as connection:
            row = _own(connection, job, lease)
            keep_log(connection, row, log)
            if results:
                connection.execute(insert(tables.results), [{"job": job, **asdict(one)} for one in results])
            end(connection, row, state, now, sentence, Counter(one.outcome for one in results))

    def hand_back(self, job: str, lease: str, *, now: float, text: str) -> None:
        """Take a job back from a worker that will not do it; it waits for another one. Raises `Conflict`."""
        with self.database.writing() as connection:
            requeue(connection, _own(connection, job, lease), now, text, deaths=0)

    def fail(self, job: str, *, host: str, now: float, sentence: str) -> None:
        """Hear from a host that a job of one of its workers has failed; raises `Conflict` if none of them has it."""
        with self.database.writing() as connection:
            row = row_of(connection, job)
            if row["state"] not in LEASED or row["worker"].partition("/")[0] != host:
                raise Conflict(f"job {job} is no job of {host}, it is {row['state']}", hint="leave it")
            end(connection, row, State.FAILED, now, sentence)


def _own(connection: Connection, job: str, lease: str) -> Mapping[str, Any]:
    row = row_of(connection, job)
    if row["state"] not in LEASED or not secrets.compare_digest(row["lease"], _hidden(lease)):
        raise Conflict(f"job {job} is no longer yours, it is {row['state']}", hint="stop it")
    return row


def _hidden(lease: str) -> str:
    return hashlib.sha256(lease.encode()).hexdigest()
