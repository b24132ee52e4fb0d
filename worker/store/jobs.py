"""The submitter's room of the store: jobs come, are looked at, and are cancelled."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import func, insert, select, update

from pytest_whitebox.core.storing import Storage

from ..job import Change, Job, Result
from ..payload import Payload
from ..states import LEASED, State
from . import tables
from .rows import CANCELLED, end, note, row_of

_jobs = tables.jobs


@dataclass(frozen=True, slots=True)
class Jobs:
    """What a user asks for, and what became of it."""

    database: Storage

    def add(self, payload: Payload, *, submitter: str, now: float) -> str:
        """Write a new job down and return its id."""
        job = str(uuid.uuid4())
        with self.database.writing() as connection:
            connection.execute(
                insert(_jobs).values(
                    id=job, payload=payload.text, digest=payload.digest, submitter=submitter, priority=payload.priority,
                    state=State.QUEUED, created=now,
                    began=0.0, changed=now, attempt=0, deaths=0, worker="", lease="",
                    lease_until=0.0, dispatched=False, stop="", done=0, total=0, logged=0, sentence="",
                    counts={},
                )
            )  # fmt: skip
            note(connection, {"id": job, "payload": payload.text}, Change(now, 0, State.QUEUED))
        return job

    def get(self, job: str) -> Job:
        """One job; raises `UnknownJob`."""
        with self.database.reading() as connection:
            return Job.from_row(row_of(connection, job))

    def newest(self, *, state: str = "", limit: int = 100, submitter: str = "") -> list[Job]:
        """The newest jobs."""
        asked = select(_jobs).order_by(_jobs.c.created.desc()).limit(limit)
        if state:
            asked = asked.where(_jobs.c.state == state)
        if submitter:
            asked = asked.where(_jobs.c.submitter == submitter)
        with self.database.reading() as connection:
            return [Job.from_row(dict(row)) for row in connection.execute(asked).mappings()]

    def counts(self, *, submitter: str = "") -> dict[str, int]:
        """How many jobs are in each state."""
        asked = select(_jobs.c.state, func.count()).group_by(_jobs.c.state)
        if submitter:
            asked = asked.where(_jobs.c.submitter == submitter)
        with self.database.reading() as connection:
            found = {str(state): int(number) for state, number in connection.execute(asked)}
        return {str(state): found.get(state, 0) for state in State}

    def changes(self, job: str) -> list[Change]:
        """What became of a job, in order."""
        table = tables.events
        columns = (table.c.at, table.c.attempt, table.c.state, table.c.worker, table.c.text)
        with self.database.reading() as connection:
            row_of(connection, job)
            rows = connection.execute(select(*columns).where(table.c.job == job).order_by(table.c.id))
            return [Change(*row) for row in rows]

    def log(self, job: str, after: int = 0, most: int = 200) -> tuple[str, int]:
        """What the runs of a job printed after a piece, and the number of the last piece."""
        table = tables.log
        asked = select(table.c.id, table.c.text).where(table.c.job == job, table.c.id > after)
        with self.database.reading() as connection:
            row_of(connection, job)
            pieces = connection.execute(asked.order_by(table.c.id).limit(most)).all()
        return "".join(text for _, text in pieces), pieces[-1][0] if pieces else after

    def results(self, job: str) -> list[Result]:
        """What became of its tests; nothing before it has ended."""
        table = tables.results
        columns = (table.c.test, table.c.uuid, table.c.outcome, table.c.seconds, table.c.why)
        with self.database.reading() as connection:
            row_of(connection, job)
            return [
                Result(*row)
                for row in connection.execute(select(*columns).where(table.c.job == job).order_by(table.c.id))
            ]

    def cancel(self, job: str, *, now: float) -> State:
        """Have a job end: at once if it waits, else when its worker has stopped it; returns how it is now."""
        with self.database.writing() as connection:
            row = row_of(connection, job)
            state = State(row["state"])
            if state in LEASED:
                connection.execute(update(_jobs).where(_jobs.c.id == job).values(stop=CANCELLED))
            elif state is State.QUEUED:
                end(connection, row, State.CANCELLED, now, "cancelled before a worker had it")
                return State.CANCELLED
            return state
