"""The monitor's room of the store: silent workers, what a Gearman server has, and what callbacks are to hear."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select, update

from pytest_whitebox.core.storing import Storage

from ..job import Notice
from ..states import LEASED, State
from . import tables
from .leases import Rules
from .rows import CANCELLED, DEADLINE, end, requeue

_jobs = tables.jobs


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What is due, again and again, for jobs to come to an end."""

    database: Storage
    rules: Rules

    def expire(self, *, now: float) -> list[tuple[str, State]]:
        """Take jobs from workers that are silent, and stop those that take too long; returns what changed.

        A job that has taken its share of workers along is lost: it may be what kills them.
        """
        changed: list[tuple[str, State]] = []
        asked = select(_jobs).where(_jobs.c.state.in_(LEASED), _jobs.c.lease_until < now)
        with self.database.writing() as connection:
            for row in [dict(found) for found in connection.execute(asked).mappings()]:
                deaths = row["deaths"] + 1
                if row["stop"] == CANCELLED:
                    end(connection, row, State.CANCELLED, now, f"{row['worker']} was lost while it stopped")
                    changed.append((row["id"], State.CANCELLED))
                elif deaths >= self.rules.deaths:
                    sentence = f"quarantined: {deaths} workers were lost with it, the last was {row['worker']}"
                    end(connection, row, State.LOST, now, sentence)
                    changed.append((row["id"], State.LOST))
                else:
                    requeue(connection, row, now, f"{row['worker']} was lost", deaths=1)
                    changed.append((row["id"], State.QUEUED))
        return changed

    def stop_overdue(self, *, now: float) -> None:
        """Have those jobs end whose worker lets them go on after their deadline."""
        asked = select(_jobs).where(_jobs.c.state == State.RUNNING, _jobs.c.stop == "")
        with self.database.reading() as connection:
            rows = connection.execute(asked).mappings().all()
        late = [
            row["id"]
            for row in rows
            if now - row["changed"] > json.loads(row["payload"])["deadline"] + self.rules.slack
        ]
        if late:
            with self.database.writing() as connection:
                connection.execute(update(_jobs).where(_jobs.c.id.in_(late), _jobs.c.stop == "").values(stop=DEADLINE))

    def undispatched(self, limit: int = 200) -> list[tuple[str, str, str]]:
        """Ids, priorities and payloads of jobs that wait and that no Gearman server has."""
        columns = (_jobs.c.id, _jobs.c.priority, _jobs.c.payload)
        asked = select(*columns).where(_jobs.c.state == State.QUEUED, _jobs.c.dispatched.is_(False))
        with self.database.reading() as connection:
            return [tuple(row) for row in connection.execute(asked.order_by(_jobs.c.created).limit(limit))]

    def set_dispatched(self, jobs: Sequence[str], *, dispatched: bool = True) -> None:
        """Write down that a Gearman server has these jobs, or that it has lost them."""
        if jobs:
            with self.database.writing() as connection:
                where = (_jobs.c.id.in_(jobs), _jobs.c.state == State.QUEUED)
                connection.execute(update(_jobs).where(*where).values(dispatched=dispatched))

    def forget_dispatched(self) -> None:
        """No Gearman server has any job: that is all that can be known after one was lost."""
        with self.database.writing() as connection:
            connection.execute(update(_jobs).where(_jobs.c.state == State.QUEUED).values(dispatched=False))

    def waiting(self, jobs: Sequence[str]) -> set[str]:
        """Those of these jobs that still wait for a worker."""
        asked = select(_jobs.c.id).where(_jobs.c.id.in_(jobs), _jobs.c.state == State.QUEUED)
        with self.database.reading() as connection:
            return {str(job) for (job,) in connection.execute(asked)}

    def prolong(self, *, now: float) -> None:
        """Give all workers a whole lease: the monitor was away, and nobody could tell it anything."""
        with self.database.writing() as connection:
            late = (_jobs.c.state.in_(LEASED), _jobs.c.lease_until < now + self.rules.lease)
            connection.execute(update(_jobs).where(*late).values(lease_until=now + self.rules.lease))

    def notices(self, *, now: float, limit: int = 50) -> list[Notice]:
        """What is due to be told to callbacks: of each job the first that it was not told."""
        table = tables.notices
        first = select(func.min(table.c.id)).group_by(table.c.job)
        asked = select(table.c.id, table.c.job, table.c.url, table.c.body, table.c.tries)
        asked = asked.where(table.c.id.in_(first), table.c.due <= now).order_by(table.c.due).limit(limit)
        with self.database.reading() as connection:
            return [Notice(*row) for row in connection.execute(asked)]

    def told(self, notice: Notice) -> None:
        """The callback has heard it, or will never."""
        with self.database.writing() as connection:
            connection.execute(delete(tables.notices).where(tables.notices.c.id == notice.id))

    def untold(self, notice: Notice, *, due: float) -> None:
        """The callback has not heard it, and is told again later."""
        with self.database.writing() as connection:
            where = tables.notices.c.id == notice.id
            connection.execute(update(tables.notices).where(where).values(due=due, tries=notice.tries + 1))
