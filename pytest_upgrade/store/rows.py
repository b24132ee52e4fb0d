"""The rows of one table that belong to a run, as values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import CursorResult, Table, and_, func, insert, select, update

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from pytest_upgrade.store.store import Store

T = TypeVar("T", bound="DataclassInstance")


class Rows(Generic[T]):
    """``rows.add(run, value)``, ``rows.of(run, phase="pre")``: in the order in which they were added."""

    def __init__(self, store: Store, table: Table, kind: type[T]) -> None:
        self._store, self._table, self._kind = store, table, kind
        self._columns = [table.c[field.name] for field in fields(kind)]

    def add(self, run: str, value: T) -> int:
        """Write a value down and return its number; it is on the disk when this returns."""
        with self._store.writing() as connection:
            return number_of(connection.execute(insert(self._table).values(run=run, **asdict(value))))

    def add_all(self, run: str, values: Iterable[T]) -> None:
        """Write values down, all or none."""
        rows = [{"run": run, **asdict(value)} for value in values]
        with self._store.writing() as connection:
            connection.execute(insert(self._table), rows)

    def of(self, run: str, **where: Any) -> list[T]:
        """All of a run whose columns have these values."""
        return [value for _, value in self.numbered(run, **where)]

    def numbered(self, run: str, **where: Any) -> list[tuple[int, T]]:
        """The same with their numbers."""
        asked = select(self._table.c.id, *self._columns).where(self._that(run, where)).order_by(self._table.c.id)
        with self._store.reading() as connection:
            return [(row[0], self._kind(*row[1:])) for row in connection.execute(asked)]

    def set(self, run: str, where: dict[str, Any], **values: Any) -> int:
        """Give columns other values and return in how many rows."""
        with self._store.writing() as connection:
            done = connection.execute(update(self._table).where(self._that(run, where)).values(**values))
        return int(done.rowcount)

    def replace(self, run: str, value: T, *key: str) -> None:
        """Write a value in the place of the one with the same key."""
        given = asdict(value)
        with self._store.writing() as connection:
            connection.execute(self._table.delete().where(self._that(run, {name: given[name] for name in key})))
            connection.execute(insert(self._table).values(run=run, **given))

    def replace_all(self, run: str, values: Iterable[T]) -> None:
        """Write values in the place of all that the run has, all or none."""
        with self._store.writing() as connection:
            connection.execute(self._table.delete().where(self._that(run, {})))
            for value in values:  # one by one: each may be as large as a server takes at once
                connection.execute(insert(self._table).values(run=run, **asdict(value)))

    def newest(self, run: str) -> float:
        """The time of the newest of a run, in seconds since 1970; 0 if there is none."""
        asked = select(func.max(self._table.c.at)).where(self._that(run, {}))
        with self._store.reading() as connection:
            return float(connection.execute(asked).scalar() or 0)

    def _that(self, run: str, where: dict[str, Any]) -> Any:
        return and_(self._table.c.run == run, *(self._table.c[name] == value for name, value in where.items()))


def number_of(done: CursorResult[Any]) -> int:
    """The number of the row that was inserted."""
    (number,) = done.inserted_primary_key or (0,)
    return int(number)
