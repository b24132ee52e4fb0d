"""The store: one database with a room each for who submits jobs, who runs them, and who looks after both.

A job may be started more than once, but only who has its lease can end it, and that once.
"""

from __future__ import annotations

from sqlalchemy import Engine

from pytest_whitebox.core.storing import Storage, engine

from . import tables
from .jobs import Jobs
from .leases import Leases, Rules
from .upkeep import Upkeep

_ELSEWHERE = "name another with --store or $WORKER_STORE"


class Store(Storage):
    """Open it with `Store.open`; several processes may do so.

    >>> from worker.job import Result
    >>> from worker.payload import Payload
    >>> from worker.states import State
    >>> asked = {"cloud": "prod", "tempest": "41.0.0", "tests": {"guideline": "2020.06"}}
    >>> with Store.open("sqlite://") as store:
    ...     job = store.jobs.add(Payload.from_mapping(asked), submitter="ann", now=0.0)
    ...     claim = store.leases.claim(job, worker="node", now=1.0)
    ...     store.leases.report(job, claim.lease, State.RUNNING, now=2.0, done=1, total=2)
    ...     store.leases.finish(job, claim.lease, State.PASSED, now=3.0, results=[Result("a.b"), Result("a.c")])
    ...     store.jobs.get(job).state, store.jobs.get(job).counts
    ''
    (<State.PASSED: 'passed'>, {'passed': 2})
    """

    def __init__(self, engine: Engine, rules: Rules) -> None:
        super().__init__(engine)
        self.rules = rules
        self.jobs, self.leases, self.upkeep = Jobs(self), Leases(self, rules), Upkeep(self, rules)

    @classmethod
    def open(cls, url: str, rules: Rules | None = None) -> Store:
        """The store at a URL, made if it is missing; raises `StackproofError`."""
        store = cls(engine(url, elsewhere=_ELSEWHERE), rules or Rules())
        with store.writing() as connection:
            tables.make(connection)
        return store
