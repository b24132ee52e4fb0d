"""A kind that is a collection of a REST API, described by where it is and what its fields are called."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_cleanup.errors import ApiError
from pytest_cleanup.kind import NotRestorable, Step
from pytest_cleanup.resource import Reference, Relation, Resource

if TYPE_CHECKING:
    from pytest_cleanup.view import View

Row = Mapping[str, Any]
#: As many as this are asked for one by one while they go; of more the collection is listed.
_FEW = 2


@dataclass(frozen=True, slots=True)
class Edge:
    """Where a row tells what else it has to do with: ``Edge(USES, "subnet", "fixed_ips.subnet_id")``."""

    relation: Relation
    kind: str
    field: str


@dataclass(frozen=True, kw_only=True)
class Collection:
    """See `Kind`.

    ``path`` and ``key`` are the collection's address and its name in an answer; ``listed`` is the address to list it
    at, if that is another. ``id`` and the like are fields of a row, dotted if within another. ``restored`` are
    the fields that are attributes, ``body`` the name of one in a request that changes it with ``verb``. Of
    what no table can say, a function is given: ``rows`` finds the rows, ``edges`` tells more references of one,
    ``deletion``, ``sparing``, ``restoration`` and ``remaking`` do these.
    """

    name: str
    service: str
    path: str
    key: str = ""
    version: str | None = None
    listed: str = ""
    query: Mapping[str, Any] = field(default_factory=dict)
    extension: str = ""
    id: str = "id"
    label: str = "name"
    project: str = "project_id"
    user: str = "user_id"
    created: str = "created_at"
    status: str = "status"
    restored: tuple[str, ...] = ()
    body: str = ""
    verb: str = "PUT"
    references: tuple[Edge, ...] = ()
    leaks: bool = True
    lingers: bool = False
    patience: float = 60
    stuck: frozenset[str] = frozenset()
    ladder: Sequence[Step] = ()
    rows: Callable[[View], Iterable[Row]] | None = None
    edges: Callable[[Row], Iterable[Reference]] | None = None
    attributes: Callable[[Row], Mapping[str, Any]] | None = None
    deletion: Callable[[View, Resource], None] | None = None
    sparing: Callable[[View, Resource, Reference], None] | None = None
    restoration: Callable[[View, Resource, Mapping[str, Any]], None] | None = None
    remaking: Callable[[View, Resource], None] | None = None

    def here(self, view: View) -> bool:
        """True if the catalog has the service, and the service the extension."""
        if not view.has(self.service):
            return False
        return not self.extension or self.extension in view.extensions

    def listing(self, view: View) -> Iterator[Resource]:
        """One resource for each row."""
        for row in self.found(view):
            yield self.resource(row)

    def found(self, view: View) -> Iterable[Row]:
        """The rows of the collection, each look at the cloud once."""
        if self.rows is not None:
            return self.rows(view)
        return view.rows(self.service, self.listed or self.path, self.key, self.version, **self.query)

    def resource(self, row: Row) -> Resource:
        """What a row tells."""
        attributes = {name: row[name] for name in self.restored if name in row}
        if self.attributes is not None:
            attributes.update(self.attributes(row))
        return Resource(
            self.name, str(one(row, self.id)), str(one(row, self.label) or ""), text(row, self.project),
            text(row, self.user), moment(text(row, self.created)), text(row, self.status), attributes,
            tuple(self._references(row)),
        )  # fmt: skip

    def delete(self, view: View, resource: Resource) -> None:
        """Delete at its address, or as its function does."""
        if self.deletion is not None:
            self.deletion(view, resource)
        else:
            view.delete(self.service, f"{self.path}/{resource.id}", self.version)

    def spare(self, view: View, resource: Resource, kept: Reference) -> None:
        """Do as its function does."""
        if self.sparing is None:
            raise NotRestorable(f"{kept.key}, which is kept, would go along with {resource}", hint="part them by hand")
        self.sparing(view, resource, kept)

    def left(self, view: View, resources: Sequence[Resource]) -> Mapping[str, str | None]:
        """Ask for a few at their addresses, for more in one listing."""
        if len(resources) > _FEW or self.rows is not None:
            there = {found.id: found.status for found in self.listing(view.fresh())}
            return {resource.id: there[resource.id] for resource in resources if resource.id in there}
        left = {}
        for resource in resources:
            try:
                told = view.get(self.service, f"{self.path}/{resource.id}", self.version)
            except ApiError as error:
                if not error.absent:
                    raise
            else:
                row = next(iter(told.values())) if len(told) == 1 else told
                left[resource.id] = text(row, self.status)
        return left

    def restore(self, view: View, was: Resource, now: Resource) -> None:
        """Set back the attributes that differ."""
        changed = {name: value for name, value in was.attributes.items() if now.attributes.get(name) != value}
        if self.restoration is not None:
            self.restoration(view, now, changed)
        elif self.body:
            path = f"{self.path}/{now.id}"
            view.ask(self.verb, self.service, path, version=self.version, json={self.body: changed})
        else:
            raise NotRestorable(f"{', '.join(sorted(changed))} of {now} cannot be changed", hint="set it back by hand")

    def remake(self, view: View, was: Resource) -> None:
        """Make one again, for the few kinds whose identity is what they say."""
        if self.remaking is None:
            raise NotRestorable(f"{was} is gone and cannot be brought back", hint="make it again by hand")
        self.remaking(view, was)

    def _references(self, row: Row) -> Iterator[Reference]:
        for edge in self.references:
            yield from (Reference(edge.relation, edge.kind, str(id)) for id in dig(row, edge.field) if id)
        if self.edges is not None:
            yield from self.edges(row)


def dig(row: Any, path: str) -> list[Any]:
    """All values at a dotted path, through lists.

    >>> dig({"fixed_ips": [{"subnet_id": "a"}, {"subnet_id": "b"}]}, "fixed_ips.subnet_id")
    ['a', 'b']
    >>> dig({"image": ""}, "image.id")
    []
    """
    found = [row]
    for name in path.split(".") if "." in path and not (isinstance(row, Mapping) and path in row) else [path]:
        inner = [each[name] for each in found if isinstance(each, Mapping) and each.get(name) is not None]
        found = [value for each in inner for value in (each if isinstance(each, list) else [each])]
    return found


def one(row: Row, path: str) -> Any:
    """The first value at a dotted path, None if there is none."""
    return next(iter(dig(row, path)), None)


def text(row: Row, path: str) -> str | None:
    """The first value at a dotted path as text, None if there is none."""
    value = one(row, path) if path else None
    return str(value) if value not in (None, "") else None


def moment(told: str | None) -> str | None:
    """A time as ISO 8601 in UTC; services leave the zone out, and mean UTC.

    >>> moment("2026-11-29T13:20:01.000000"), moment("2026-11-29 13:20:01"), moment("2026-11-29T13:20:01Z")
    ('2026-11-29T13:20:01Z', '2026-11-29T13:20:01Z', '2026-11-29T13:20:01Z')
    """
    from datetime import UTC, datetime

    try:
        at = datetime.fromisoformat(told or "")
    except ValueError:
        return None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
