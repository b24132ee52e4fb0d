"""What all rooms of the store do to the rows of a job, each within a transaction of the caller's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, insert, select, update

from pytest_whitebox.core.storing import READING

from ..job import Change, Conflict, UnknownJob
from ..states import FINAL, State
from . import tables

#: Characters that are kept of what the runs of a job print.
LONGEST_LOG = 32 * 1024 * 1024
CANCELLED, DEADLINE = "cancelled", "deadline"
_jobs = tables.jobs


def row_of(connection: Connection, job: str) -> dict[str, Any]:
    """A job's row; who will write has it for itself until that is done."""
    asked = select(_jobs).where(_jobs.c.id == job)
    if not connection.get_execution_options().get(READING, False):
        asked = asked.with_for_update()
    found = connection.execute(asked).mappings().first()
    if found is None:
        raise UnknownJob(job)
    return dict(found)


def note(connection: Connection, row: Mapping[str, Any], change: Change) -> None:
    """Write a change of a job down, and that a callback is to hear of it."""
    connection.execute(insert(tables.events).values(job=row["id"], **asdict(change)))
    url = json.loads(row["payload"]).get("callback")
    if url:
        body = json.dumps({"test_id": row["id"], **asdict(change)})
        connection.execute(insert(tables.notices).values(job=row["id"], url=url, body=body, due=change.at, tries=0))


def requeue(connection: Connection, row: Mapping[str, Any], now: float, text: str, deaths: int) -> None:
    """Have a job wait for another worker; ``deaths`` are those of the last."""
    values = {
        "state": State.QUEUED, "changed": now, "lease": "", "lease_until": 0.0, "dispatched": False,
        "deaths": row["deaths"] + deaths, "done": 0, "total": 0,
    }  # fmt: skip
    connection.execute(update(_jobs).where(_jobs.c.id == row["id"]).values(**values))
    note(connection, row, Change(now, row["attempt"], State.QUEUED, row["worker"], text))


def end(
    connection: Connection, row: Mapping[str, Any], state: State, now: float, sentence: str,
    counts: Mapping[str, int] | None = None,
) -> None:  # fmt: skip
    """Count a job; raises `Conflict` if it has ended already."""
    values = {
        "state": state, "changed": now, "lease": "", "lease_until": 0.0, "sentence": sentence, "counts": counts or {},
    }  # fmt: skip
    done = connection.execute(
        update(_jobs).where(_jobs.c.id == row["id"], _jobs.c.state.not_in(FINAL)).values(**values)
    )
    if done.rowcount != 1:
        raise Conflict(f"job {row['id']} has ended already", hint="leave it")
    note(connection, row, Change(now, row["attempt"], state, row["worker"], sentence))


def keep_log(connection: Connection, row: Mapping[str, Any], text: str) -> None:
    """Keep what a run printed, as long as the whole is not too long."""
    if text and row["logged"] + len(text) <= LONGEST_LOG:
        connection.execute(insert(tables.log).values(job=row["id"], attempt=row["attempt"], text=text))
        connection.execute(update(_jobs).where(_jobs.c.id == row["id"]).values(logged=_jobs.c.logged + len(text)))
