"""One database of a service, read only: every query sees what is committed at that moment."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from typing import Any

from sqlalchemy import Engine, Row, create_engine, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from pytest_whitebox.core.errors import StackproofError

#: Leads to a host and port as seen from another machine: `Transport.forward`.
Forward = Callable[[str, int], AbstractContextManager[tuple[str, int]]]

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_PORTS = {"mysql": 3306, "postgresql": 5432}
_READ_ONLY: Mapping[str, Mapping[str, object]] = {
    "mysql": {"init_command": "SET SESSION TRANSACTION READ ONLY", "connect_timeout": 10},
    "postgresql": {"options": "-c default_transaction_read_only=on", "connect_timeout": 10},
}


class DatabaseError(StackproofError):
    """A database cannot be reached or does not answer a query; never tells the password."""


class Database:
    """Reads one database; neither its representation nor its errors show the password.

    ``Database.connect(parse_url(connection), forward)`` takes a service's own ``[database] connection`` and the
    way to the host that it was found on.
    """

    def __init__(self, url: URL, stack: ExitStack) -> None:
        self._url, self._stack = url, stack
        self._engine = _engine(url)
        stack.callback(self._engine.dispose)

    @classmethod
    def connect(cls, url: URL, forward: Forward) -> Database:
        """Open a database, through ``forward`` if it is not reachable from here."""
        stack = ExitStack()
        port = url.port or _PORTS.get(url.get_backend_name(), 0)
        if url.host and not _reachable(url.host, port):
            address, port = stack.enter_context(forward(url.host, port))
            url = url.set(host=address, port=port)
        return cls(url, stack)

    def __repr__(self) -> str:
        return f"<Database {self._url.set(username=None, password=None, query={})}>"

    def rows(self, query: str, /, **values: object) -> tuple[Row[Any], ...]:
        """All rows of a query, frozen; values go in as ``:name``, never by formatting."""
        try:
            with self._engine.connect() as connection:
                return tuple(connection.execute(text(query), values))
        except SQLAlchemyError as error:
            said = self.said(error)
        raise DatabaseError(f"{self!r} did not answer: {said}", hint=f"run the query there by hand: {query}")

    def row(self, query: str, /, **values: object) -> Row[Any]:
        """The only row of a query; `DatabaseError` if there are none or several."""
        rows = self.rows(query, **values)
        if len(rows) != 1:
            hint = f"run the query by hand in {self!r}"
            raise DatabaseError(f"{len(rows)} rows where one was expected: {query} with {values}", hint=hint)
        return rows[0]

    def close(self) -> None:
        """Give back the connections and the tunnel."""
        self._stack.close()

    @property
    def url(self) -> URL:
        """Where it is, with the credentials, which are not shown."""
        return self._url

    def said(self, error: SQLAlchemyError) -> str:
        """What went wrong, without the password."""
        words = str(getattr(error, "orig", None) or error)
        return words.replace(str(self._url.password), "***") if self._url.password else words


def parse_url(connection: str) -> URL:
    """A service's ``connection`` as a value that hides its password; MySQL is spoken with PyMySQL.

    >>> parse_url("mysql://nova:secret@10.0.0.1/nova_api")
    mysql+pymysql://nova:***@10.0.0.1/nova_api
    """
    try:
        url = make_url(connection)
    except SQLAlchemyError:
        pass
    else:
        return url.set(drivername="mysql+pymysql") if url.get_backend_name() == "mysql" else url
    raise DatabaseError("a service's database connection is no URL", hint="see its [database] section")


def nova_object(serialized: str) -> Any:
    """What a column with a serialized Nova object says, without its envelope.

    >>> nova_object('{"nova_object.name": "X", "nova_object.data": {"cells": [{"nova_object.data": {"id": 0}}]}}')
    {'cells': [{'id': 0}]}
    """
    return json.loads(serialized, object_hook=lambda part: part.get("nova_object.data", part))


def _engine(url: URL) -> Engine:
    options = dict(_READ_ONLY.get(url.get_backend_name(), {}))
    try:
        return create_engine(
            url, isolation_level="AUTOCOMMIT", pool_pre_ping=True, hide_parameters=True, connect_args=options
        )
    except (SQLAlchemyError, ImportError):
        raise DatabaseError(f"no driver for {url.drivername} here", hint="install one with pip") from None


def _reachable(host: str, port: int) -> bool:
    if host in _LOOPBACK:
        return False
    try:
        socket.create_connection((host, port), timeout=2).close()
    except OSError:
        return False
    return True
