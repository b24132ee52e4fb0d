"""The way to the database of a store: SQLite by default, MariaDB or PostgreSQL for a whole laboratory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from pytest_whitebox.core.errors import StackproofError

#: Seconds that a writer waits for the others: workers, the command line, another run.
_PATIENCE = 60
#: The execution option of a connection that will not write.
READING = "stackproof_reading"
_HINT = "give sqlite:////PATH, mysql+pymysql://HOST/NAME or postgresql+psycopg://HOST/NAME"


def engine(url: str, *, elsewhere: str) -> Engine:
    """An engine for a URL; nothing is connected yet. Raises `StackproofError` for what is no URL of a database.

    ``elsewhere`` tells the user how to name another place.
    """
    try:
        parsed = make_url(url)
        made = create_engine(parsed, pool_pre_ping=parsed.get_backend_name() != "sqlite")
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise StackproofError("the URL of the store cannot be understood", hint=_HINT) from None
    except ImportError as error:
        raise StackproofError(
            f"the store needs a package that is not installed: {error.name}", hint=f"install it, or {_HINT}"
        ) from None
    if made.dialect.name == "sqlite":
        if parsed.database and parsed.database != ":memory:":
            _folder(Path(parsed.database).parent, elsewhere)
        event.listen(made, "connect", _prepare)
        event.listen(made, "begin", _begin)
    return made


def _folder(path: Path, elsewhere: str) -> None:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        sentence = f"the folder of the store {path} cannot be made: {error.strerror}"
        raise StackproofError(sentence, hint=elsewhere) from None


def _prepare(connection: Any, _: object) -> None:
    """Readers never wait for a writer, writers wait for each other, and what was told is on the disk."""
    raw: sqlite3.Connection = connection
    raw.isolation_level = None
    raw.execute(f"PRAGMA busy_timeout = {_PATIENCE * 1000}")
    raw.execute("PRAGMA journal_mode = WAL")
    raw.execute("PRAGMA synchronous = FULL")


def _begin(connection: Any) -> None:
    # A transaction that reads before it writes cannot wait for its turn to write: SQLite would refuse it at once.
    reading = connection.get_execution_options().get(READING, False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


@contextmanager
def told(engine: Engine) -> Iterator[None]:
    """Make one sentence of what a database refuses; the password of its URL is not in it."""
    try:
        yield
    except SQLAlchemyError as error:
        said = str(error.orig) if isinstance(error, DBAPIError) else str(error)
        where = engine.url.render_as_string(hide_password=True)
        raise StackproofError(
            f"the store {where} cannot be used: {said.splitlines()[0]}", hint="see that it can be reached and written"
        ) from error


class Storage:
    """A database that several processes and machines may have open at the same time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def place(self) -> str:
        """Where it is, without a password."""
        return self._engine.url.render_as_string(hide_password=True)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is on the disk when it ends, or not at all."""
        with told(self._engine), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A look at all that was written so far."""
        with told(self._engine), self._engine.connect() as connection:
            yield connection.execution_options(**{READING: True})

    def close(self) -> None:
        """Give back the connections."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
