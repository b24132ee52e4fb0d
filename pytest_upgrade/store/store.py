"""The store: runs, and all that belongs to each."""

from __future__ import annotations

from dataclasses import asdict, fields
from functools import cached_property
from typing import Any

from sqlalchemy import insert, select, update

from pytest_upgrade.store import tables
from pytest_upgrade.store.migrations import migrate
from pytest_upgrade.store.rows import Rows
from pytest_upgrade.store.values import (
    Artifact,
    Attempt,
    Baseline,
    Event,
    Evidence,
    Finding,
    HealthSign,
    Kept,
    Outcome,
    Piece,
    Run,
)
from pytest_whitebox.core.storing import Storage, engine


class Store(Storage):
    """Open it with `Store.open`; processes and machines may do so at the same time.

    >>> with Store.open("sqlite://") as store:
    ...     store.add_run(Run("3f9a1c", "20261121T073000Z-3f9a1c", "prod", "10.0.0.1", "north"))
    ...     number = store.events.add("3f9a1c", Event("nova", "begin", at=1.0))
    ...     [run.id for run in store.runs()], [event.step for event in store.events.of("3f9a1c")]
    (['3f9a1c'], ['nova'])
    """

    @classmethod
    def open(cls, url: str) -> Store:
        """The store at a URL, made or carried to this version's schema; raises `StackproofError`."""
        store = cls(engine(url, elsewhere="name another with --upgrade-runs or --upgrade-store"))
        with store.writing() as connection:
            migrate(connection)
        return store

    @cached_property
    def attempts(self) -> Rows[Attempt]:
        """The pytest processes."""
        return Rows(self, tables.attempts, Attempt)

    @cached_property
    def events(self) -> Rows[Event]:
        """What the upgrade did."""
        return Rows(self, tables.events, Event)

    @cached_property
    def outcomes(self) -> Rows[Outcome]:
        """What became of the tests."""
        return Rows(self, tables.outcomes, Outcome)

    @cached_property
    def resources(self) -> Rows[Kept]:
        """What outlives the upgrade."""
        return Rows(self, tables.resources, Kept)

    @cached_property
    def findings(self) -> Rows[Finding]:
        """What was found of it."""
        return Rows(self, tables.findings, Finding)

    @cached_property
    def baselines(self) -> Rows[Baseline]:
        """What tests saw before."""
        return Rows(self, tables.baselines, Baseline)

    @cached_property
    def artifacts(self) -> Rows[Artifact]:
        """Files."""
        return Rows(self, tables.artifacts, Artifact)

    @cached_property
    def evidence(self) -> Rows[Evidence]:
        """Clues to the release of each service."""
        return Rows(self, tables.evidence, Evidence)

    @cached_property
    def signs(self) -> Rows[HealthSign]:
        """Signs of health."""
        return Rows(self, tables.signs, HealthSign)

    @cached_property
    def pieces(self) -> Rows[Piece]:
        """The copy of what was observed."""
        return Rows(self, tables.pieces, Piece)

    def add_run(self, run: Run) -> None:
        """Write a new run down."""
        with self.writing() as connection:
            connection.execute(insert(tables.runs).values(**asdict(run)))

    def runs(self, **where: Any) -> list[Run]:
        """All runs whose columns have these values, the oldest first."""
        table = tables.runs
        asked = select(*(table.c[field.name] for field in fields(Run))).order_by(table.c.began)
        for name, value in where.items():
            asked = asked.where(table.c[name] == value)
        with self.reading() as connection:
            return [Run(*row) for row in connection.execute(asked)]

    def set_run(self, run: str, **values: Any) -> None:
        """Give columns of a run other values."""
        with self.writing() as connection:
            connection.execute(update(tables.runs).where(tables.runs.c.id == run).values(**values))
