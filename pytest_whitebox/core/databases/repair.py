"""The one way in which a service's database is ever written: a repair, in one transaction, its rows kept first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from pytest_whitebox.core.databases.database import Database, DatabaseError

#: Gets the rows of a table before they change; whatever it raises, nothing is changed then.
Keep = Callable[[str, list[dict[str, Any]]], object]


@dataclass(frozen=True, slots=True)
class Statement:
    """One change of a table: ``UPDATE table SET … WHERE …``, with values as ``:name``.

    ``where`` alone says which rows are meant, so that they can be looked at first; ``values`` go in as parameters.

    >>> done = Statement("volumes", "status = 'available'", "id = :id AND status = 'attaching'", {"id": "0a"})
    >>> print(done)
    UPDATE volumes SET status = 'available' WHERE id = '0a' AND status = 'attaching'
    """

    table: str
    change: str
    where: str
    values: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def sql(self) -> str:
        """The statement, with its parameters' names."""
        return f"UPDATE {self.table} SET {self.change} WHERE {self.where}"  # noqa: S608 -- all three are constants

    @property
    def look(self) -> str:
        """The rows that it changes, locked until the transaction ends."""
        return f"SELECT * FROM {self.table} WHERE {self.where} FOR UPDATE"  # noqa: S608 -- both are constants

    def __str__(self) -> str:
        """The statement as a reader wants it, with its values."""
        shown = self.sql
        for name, value in self.values.items():
            shown = shown.replace(f":{name}", repr(value))
        return shown


def repair(database: Database, statements: Iterable[Statement], keep: Keep) -> int:
    """Execute all statements or none, and return how many rows were changed; ``keep`` gets them as they were.

    Raises `DatabaseError`, and nothing is changed, if anything goes wrong.
    """
    engine = create_engine(database.url, hide_parameters=True, connect_args={"connect_timeout": 10})
    try:
        with engine.begin() as connection:
            changed = 0
            for statement in statements:
                rows = connection.execute(text(statement.look), dict(statement.values)).mappings().all()
                keep(statement.table, [dict(row) for row in rows])
                done = connection.execute(text(statement.sql), dict(statement.values))
                changed += done.rowcount
            return changed
    except SQLAlchemyError as error:
        said = database.said(error)
    finally:
        engine.dispose()
    raise DatabaseError(f"{database!r} was not changed: {said}", hint="may its user write there?")
