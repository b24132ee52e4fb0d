"""The databases of a cloud, found through the configuration of the services that use them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

from sqlalchemy import Row
from sqlalchemy.engine import URL

from pytest_whitebox.core.databases.database import Database, Forward, parse_url
from pytest_whitebox.core.errors import StackproofError

#: name: (services whose configuration may name the database, configuration group)
SOURCES: Mapping[str, tuple[tuple[str, ...], str]] = {
    "nova_api": (("nova-conductor", "nova-scheduler", "nova-api"), "api_database"),
    "nova": (("nova-conductor", "nova-scheduler", "nova-api"), "database"),
    "cinder": (("cinder-scheduler", "cinder-volume", "cinder-api"), "database"),
    "neutron": (("neutron-server", "neutron-rpc-server", "neutron-api"), "database"),
    "placement": (("placement-api",), "placement_database"),
    "glance": (("glance-api",), "database"),
    "keystone": (("keystone", "keystone-api"), "database"),
    "barbican": (("barbican-api",), "database"),
    "heat": (("heat-engine", "heat-api"), "database"),
    "designate": (("designate-central", "designate-api"), "storage:sqlalchemy"),
}
_CELL = "SELECT c.name, c.database_connection FROM cell_mappings c JOIN "
_CELL_OF_SERVER = _CELL + "instance_mappings i ON c.id = i.cell_id WHERE i.instance_uuid = :id"
_CELL_OF_HOST = _CELL + "host_mappings h ON c.id = h.cell_id WHERE h.host = :host"

#: Each connection that the configuration of a service holds in a group, with the way to the host it was read on.
Found = Callable[[str, str], Iterable[tuple[URL, Forward]]]


class HasId(Protocol):
    """Whatever has a server's id."""

    @property
    def id(self) -> str:
        """The server's UUID."""


class Databases:
    """``database("cinder")`` opens a service's database, ``database.cell_of(server)`` the one of a server's cell."""

    def __init__(self, found: Found) -> None:
        self._found = found
        self._open: dict[str, Database] = {}

    def __call__(self, name: str) -> Database:
        """The database of that name, see `SOURCES`; opened once."""
        if name not in SOURCES:
            raise StackproofError(f"no database is known as {name!r}", hint=f"take one of {', '.join(SOURCES)}")
        if name not in self._open:
            self._open[name] = Database.connect(*self._source(name))
        return self._open[name]

    def cell_of(self, server: HasId) -> Database:
        """The database of the cell that a server lives in, by ``nova_api.cell_mappings``."""
        return self._cell(self("nova_api").row(_CELL_OF_SERVER, id=server.id))

    def cell_of_host(self, name: str) -> Database:
        """The database of the cell that a compute host belongs to, by ``nova_api.host_mappings``."""
        return self._cell(self("nova_api").row(_CELL_OF_HOST, host=name))

    def close(self) -> None:
        """Close what was opened."""
        while self._open:
            self._open.popitem()[1].close()

    def _cell(self, mapping: Row[Any]) -> Database:
        key = f"cell {mapping.name}"
        if key not in self._open:
            own, forward = self._source("nova")
            url = parse_url(fill(mapping.database_connection, own.render_as_string(hide_password=False)))
            self._open[key] = Database.connect(url, forward)
        return self._open[key]

    def _source(self, name: str) -> tuple[URL, Forward]:
        services, group = SOURCES[name]
        for service in services:
            for found in self._found(service, group):
                return found
        hint = f"{' or '.join(services)} must run on a host that SSH reaches, with [{group}] connection set"
        raise StackproofError(f"no configuration names the database {name!r}", hint=hint)


def fill(template: str, connection: str) -> str:
    """A cell's connection may be a template whose parts come from the service's own connection.

    >>> fill("{scheme}://{username}:{password}@{hostname}/nova_cell2", "mysql://nova:pa%40ss@db/nova")
    'mysql://nova:pa%40ss@db/nova_cell2'
    """
    url = urlsplit(connection)
    parts = {"path": url.path.lstrip("/"), "hostname": url.hostname or "", "port": url.port or ""}
    words = {key: getattr(url, key) or "" for key in ("scheme", "username", "password", "query", "fragment")}
    return template.format(**parts, **words) if "{" in template else template
