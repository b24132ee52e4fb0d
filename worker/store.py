"""Each job's life, written down: whatever a Gearman server loses or repeats, this is what counts.

A job may be started more than once, but only who has its lease can end it, and that once.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from pytest_whitebox.core.storing import READING, engine, told

from . import tables
from .job import Change, Claim, Conflict, Job, Notice, Result, UnknownJob
from .payload import Payload
from .states import ENDS, FINAL, LEASED, State

#: Characters that are kept of what the runs of a job print.
LONGEST_LOG = 32 * 1024 * 1024
CANCELLED, DEADLINE = "cancelled", "deadline"
_ELSEWHERE = "name another with --store or $WORKER_STORE"
_jobs = tables.jobs


@dataclass(frozen=True, slots=True)
class Rules:
    """``lease`` is for how many seconds a job is a worker's who says nothing; ``deaths`` is how many it may take along.

    ``slack`` is for how many seconds after its deadline a job may still be tidying up.
    """

    lease: float = 30.0
    deaths: int = 3
    slack: float = 600.0


class Store:
    """Open it with `Store.open`; several processes may do so.

    >>> asked = {"cloud": "prod", "tempest": "41.0.0", "tests": {"guideline": "2020.06"}}
    >>> with Store.open("sqlite://") as store:
    ...     job = store.add(Payload.from_mapping(asked), submitter="ann", now=0.0)
    ...     claim = store.claim(job, worker="node", now=1.0)
    ...     store.report(job, claim.lease, State.RUNNING, now=2.0, done=1, total=2)
    ...     store.finish(job, claim.lease, State.PASSED, now=3.0, results=[Result("a.b"), Result("a.c")])
    ...     store.job(job).state, store.job(job).counts
    ''
    (<State.PASSED: 'passed'>, {'passed': 2})
    """

    def __init__(self, engine: Engine, rules: Rules) -> None:
        self._engine, self.rules = engine, rules

    @classmethod
    def open(cls, url: str, rules: Rules | None = None) -> Store:
        """The store at a URL, made if it is missing; raises `StackproofError`."""
        store = cls(engine(url, elsewhere=_ELSEWHERE), rules or Rules())
        with store._writing() as connection:
            tables.make(connection)
        return store

    @property
    def place(self) -> str:
        """Where it is, without a password."""
        return self._engine.url.render_as_string(hide_password=True)

    # --- the submitter's ---

    def add(self, payload: Payload, *, submitter: str, now: float) -> str:
        """Write a new job down and return its id."""
        job = str(uuid.uuid4())
        with self._writing() as connection:
            connection.execute(
                insert(_jobs).values(
                    id=job, payload=payload.text, digest=payload.digest, submitter=submitter, priority=payload.priority,
                    state=State.QUEUED, created=now,
                    began=0.0, changed=now, attempt=0, deaths=0, worker="", lease="",
                    lease_until=0.0, dispatched=False, stop="", done=0, total=0, logged=0, sentence="",
                    counts={},
                )
            )  # fmt: skip
            self._note(connection, job, Change(now, 0, State.QUEUED))
        return job

    def job(self, job: str) -> Job:
        """One job; raises `UnknownJob`."""
        with self._reading() as connection:
            return Job.from_row(_row(connection, job))

    def jobs(self, *, state: str = "", limit: int = 100, submitter: str = "") -> list[Job]:
        """The newest jobs."""
        asked = select(_jobs).order_by(_jobs.c.created.desc()).limit(limit)
        if state:
            asked = asked.where(_jobs.c.state == state)
        if submitter:
            asked = asked.where(_jobs.c.submitter == submitter)
        with self._reading() as connection:
            return [Job.from_row(dict(row)) for row in connection.execute(asked).mappings()]

    def counts(self, *, submitter: str = "") -> dict[str, int]:
        """How many jobs are in each state."""
        asked = select(_jobs.c.state, func.count()).group_by(_jobs.c.state)
        if submitter:
            asked = asked.where(_jobs.c.submitter == submitter)
        with self._reading() as connection:
            found = {str(state): int(number) for state, number in connection.execute(asked)}
        return {str(state): found.get(state, 0) for state in State}

    def changes(self, job: str) -> list[Change]:
        """What became of a job, in order."""
        table = tables.events
        columns = (table.c.at, table.c.attempt, table.c.state, table.c.worker, table.c.text)
        with self._reading() as connection:
            _row(connection, job)
            rows = connection.execute(select(*columns).where(table.c.job == job).order_by(table.c.id))
            return [Change(*row) for row in rows]

    def log(self, job: str, after: int = 0, most: int = 200) -> tuple[str, int]:
        """What the runs of a job printed after a piece, and the number of the last piece."""
        table = tables.log
        asked = select(table.c.id, table.c.text).where(table.c.job == job, table.c.id > after)
        with self._reading() as connection:
            _row(connection, job)
            pieces = connection.execute(asked.order_by(table.c.id).limit(most)).all()
        return "".join(text for _, text in pieces), pieces[-1][0] if pieces else after

    def results(self, job: str) -> list[Result]:
        """What became of its tests; nothing before it has ended."""
        table = tables.results
        columns = (table.c.test, table.c.uuid, table.c.outcome, table.c.seconds, table.c.why)
        with self._reading() as connection:
            _row(connection, job)
            return [
                Result(*row)
                for row in connection.execute(select(*columns).where(table.c.job == job).order_by(table.c.id))
            ]

    def cancel(self, job: str, *, now: float) -> State:
        """Have a job end: at once if it waits, else when its worker has stopped it; returns how it is now."""
        with self._writing() as connection:
            row = _row(connection, job)
            state = State(row["state"])
            if state in LEASED:
                connection.execute(update(_jobs).where(_jobs.c.id == job).values(stop=CANCELLED))
            elif state is State.QUEUED:
                self._end(connection, row, State.CANCELLED, now, "cancelled before a worker had it")
                return State.CANCELLED
            return state

    # --- a worker's ---

    def claim(self, job: str, *, worker: str, now: float, digest: str = "") -> Claim:
        """Give a job to a worker; raises `Conflict` if it cannot have it, `UnknownJob` if there is none.

        ``digest`` is that of the payload as the worker has it: one that differs did not come from here.
        """
        lease = secrets.token_urlsafe(24)
        with self._writing() as connection:
            row = _row(connection, job)
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
            self._note(connection, job, Change(now, attempt, State.CLAIMED, worker))
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
        with self._writing() as connection:
            row = self._own(connection, job, lease)
            values: dict[str, Any] = {"lease_until": now + self.rules.lease, "done": done, "total": total}
            if state != row["state"]:
                values |= {"state": state, "changed": now}
                self._note(connection, job, Change(now, row["attempt"], state, row["worker"], text))
            connection.execute(update(_jobs).where(_jobs.c.id == job).values(**values))
            self._keep_log(connection, row, log)
        return str(row["stop"])

    def finish(
        self, job: str, lease: str, state: State, *, now: float, results: Sequence[Result] = (), sentence: str = "",
        log: str = "",
    ) -> None:  # fmt: skip
        """Count a job, once and for all; raises `Conflict` if the lease is no longer its."""
        if state not in ENDS:
            raise Conflict(f"{state} is no end of a job that a worker has", hint="say how it ended")
        with self._writing() as connection:
            row = self._own(connection, job, lease)
            self._keep_log(connection, row, log)
            if results:
                connection.execute(insert(tables.results), [{"job": job, **asdict(one)} for one in results])
            self._end(connection, row, state, now, sentence, Counter(one.outcome for one in results))

    def hand_back(self, job: str, lease: str, *, now: float, text: str) -> None:
        """Take a job back from a worker that will not do it; it waits for another one. Raises `Conflict`."""
        with self._writing() as connection:
            self._requeue(connection, self._own(connection, job, lease), now, text, deaths=0)

    def fail(self, job: str, *, host: str, now: float, sentence: str) -> None:
        """Hear from a host that a job of one of its workers has failed; raises `Conflict` if none of them has it."""
        with self._writing() as connection:
            row = _row(connection, job)
            if row["state"] not in LEASED or row["worker"].partition("/")[0] != host:
                raise Conflict(f"job {job} is no job of {host}, it is {row['state']}", hint="leave it")
            self._end(connection, row, State.FAILED, now, sentence)

    # --- the monitor's ---

    def expire(self, *, now: float) -> list[tuple[str, State]]:
        """Take jobs from workers that are silent, and stop those that take too long; returns what changed.

        A job that has taken its share of workers along is lost: it may be what kills them.
        """
        changed: list[tuple[str, State]] = []
        asked = select(_jobs).where(_jobs.c.state.in_(LEASED), _jobs.c.lease_until < now)
        with self._writing() as connection:
            for row in [dict(found) for found in connection.execute(asked).mappings()]:
                deaths = row["deaths"] + 1
                if row["stop"] == CANCELLED:
                    self._end(connection, row, State.CANCELLED, now, f"{row['worker']} was lost while it stopped")
                    changed.append((row["id"], State.CANCELLED))
                elif deaths >= self.rules.deaths:
                    sentence = f"quarantined: {deaths} workers were lost with it, the last was {row['worker']}"
                    self._end(connection, row, State.LOST, now, sentence)
                    changed.append((row["id"], State.LOST))
                else:
                    self._requeue(connection, row, now, f"{row['worker']} was lost", deaths=1)
                    changed.append((row["id"], State.QUEUED))
        return changed

    def stop_overdue(self, *, now: float) -> None:
        """Have those jobs end whose worker lets them go on after their deadline."""
        asked = select(_jobs).where(_jobs.c.state == State.RUNNING, _jobs.c.stop == "")
        with self._reading() as connection:
            rows = connection.execute(asked).mappings().all()
        late = [
            row["id"]
            for row in rows
            if now - row["changed"] > json.loads(row["payload"])["deadline"] + self.rules.slack
        ]
        if late:
            with self._writing() as connection:
                connection.execute(update(_jobs).where(_jobs.c.id.in_(late), _jobs.c.stop == "").values(stop=DEADLINE))

    def undispatched(self, limit: int = 200) -> list[tuple[str, str, str]]:
        """Ids, priorities and payloads of jobs that wait and that no Gearman server has."""
        columns = (_jobs.c.id, _jobs.c.priority, _jobs.c.payload)
        asked = select(*columns).where(_jobs.c.state == State.QUEUED, _jobs.c.dispatched.is_(False))
        with self._reading() as connection:
            return [tuple(row) for row in connection.execute(asked.order_by(_jobs.c.created).limit(limit))]

    def set_dispatched(self, jobs: Sequence[str], *, dispatched: bool = True) -> None:
        """Write down that a Gearman server has these jobs, or that it has lost them."""
        if jobs:
            with self._writing() as connection:
                where = (_jobs.c.id.in_(jobs), _jobs.c.state == State.QUEUED)
                connection.execute(update(_jobs).where(*where).values(dispatched=dispatched))

    def forget_dispatched(self) -> None:
        """No Gearman server has any job: that is all that can be known after one was lost."""
        with self._writing() as connection:
            connection.execute(update(_jobs).where(_jobs.c.state == State.QUEUED).values(dispatched=False))

    def waiting(self, jobs: Sequence[str]) -> set[str]:
        """Those of these jobs that still wait for a worker."""
        asked = select(_jobs.c.id).where(_jobs.c.id.in_(jobs), _jobs.c.state == State.QUEUED)
        with self._reading() as connection:
            return {str(job) for (job,) in connection.execute(asked)}

    def prolong(self, *, now: float) -> None:
        """Give all workers a whole lease: the monitor was away, and nobody could tell it anything."""
        with self._writing() as connection:
            late = (_jobs.c.state.in_(LEASED), _jobs.c.lease_until < now + self.rules.lease)
            connection.execute(update(_jobs).where(*late).values(lease_until=now + self.rules.lease))

    def notices(self, *, now: float, limit: int = 50) -> list[Notice]:
        """What is due to be told to callbacks: of each job the first that it was not told."""
        table = tables.notices
        first = select(func.min(table.c.id)).group_by(table.c.job)
        asked = select(table.c.id, table.c.job, table.c.url, table.c.body, table.c.tries)
        asked = asked.where(table.c.id.in_(first), table.c.due <= now).order_by(table.c.due).limit(limit)
        with self._reading() as connection:
            return [Notice(*row) for row in connection.execute(asked)]

    def told(self, notice: Notice) -> None:
        """The callback has heard it, or will never."""
        with self._writing() as connection:
            connection.execute(delete(tables.notices).where(tables.notices.c.id == notice.id))

    def untold(self, notice: Notice, *, due: float) -> None:
        """The callback has not heard it, and is told again later."""
        with self._writing() as connection:
            where = tables.notices.c.id == notice.id
            connection.execute(update(tables.notices).where(where).values(due=due, tries=notice.tries + 1))

    def close(self) -> None:
        """Give back the connections."""
        self._engine.dispose()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- how ---

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with told(self._engine), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with told(self._engine), self._engine.connect() as connection:
            yield connection.execution_options(**{READING: True})

    def _own(self, connection: Connection, job: str, lease: str) -> Mapping[str, Any]:
        row = _row(connection, job)
        if row["state"] not in LEASED or not secrets.compare_digest(row["lease"], _hidden(lease)):
            raise Conflict(f"job {job} is no longer yours, it is {row['state']}", hint="stop it")
        return row

    def _requeue(self, connection: Connection, row: Mapping[str, Any], now: float, text: str, deaths: int) -> None:
        values = {
            "state": State.QUEUED, "changed": now, "lease": "", "lease_until": 0.0, "dispatched": False,
            "deaths": row["deaths"] + deaths, "done": 0, "total": 0,
        }  # fmt: skip
        connection.execute(update(_jobs).where(_jobs.c.id == row["id"]).values(**values))
        self._note(connection, row["id"], Change(now, row["attempt"], State.QUEUED, row["worker"], text))

    def _end(
        self, connection: Connection, row: Mapping[str, Any], state: State, now: float, sentence: str,
        counts: Mapping[str, int] | None = None,
    ) -> None:  # fmt: skip
        values = {
            "state": state,
            "changed": now,
            "lease": "",
            "lease_until": 0.0,
            "sentence": sentence,
            "counts": counts or {},
        }
        done = connection.execute(
            update(_jobs).where(_jobs.c.id == row["id"], _jobs.c.state.not_in(FINAL)).values(**values)
        )
        if done.rowcount != 1:
            raise Conflict(f"job {row['id']} has ended already", hint="leave it")
        self._note(connection, row["id"], Change(now, row["attempt"], state, row["worker"], sentence))

    def _note(self, connection: Connection, job: str, change: Change) -> None:
        """Write a change down, and that a callback is to hear of it."""
        connection.execute(insert(tables.events).values(job=job, **asdict(change)))
        url = json.loads(_row(connection, job)["payload"]).get("callback")
        if url:
            body = json.dumps({"test_id": job, **asdict(change)})
            connection.execute(insert(tables.notices).values(job=job, url=url, body=body, due=change.at, tries=0))

    def _keep_log(self, connection: Connection, row: Mapping[str, Any], text: str) -> None:
        if not text:
            return
        if row["logged"] + len(text) <= LONGEST_LOG:
            connection.execute(insert(tables.log).values(job=row["id"], attempt=row["attempt"], text=text))
            connection.execute(update(_jobs).where(_jobs.c.id == row["id"]).values(logged=_jobs.c.logged + len(text)))


def _row(connection: Connection, job: str) -> dict[str, Any]:
    """A job's row; who will write has it for itself until that is done."""
    asked = select(_jobs).where(_jobs.c.id == job)
    if not connection.get_execution_options().get(READING, False):
        asked = asked.with_for_update()
    found = connection.execute(asked).mappings().first()
    if found is None:
        raise UnknownJob(job)
    return dict(found)


def _hidden(lease: str) -> str:
    return hashlib.sha256(lease.encode()).hexdigest()
