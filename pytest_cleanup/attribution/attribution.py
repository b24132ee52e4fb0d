"""Which test a resource goes back to, and how that is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from pytest_cleanup.attribution.act import BEGAN, CHANGED, DELETED, ENDED, MADE, Act
from pytest_cleanup.attribution.causes import causes
from pytest_cleanup.resource import Key, Relation, Resource


class How(StrEnum):
    """How it is known who made a resource; all but the last are certain."""

    MADE = "made by it"
    CAUSE = "made for what it made"
    ACTION = "made by its request"
    NAME = "made by the run, by its name"
    TIME = "made while it ran"


@dataclass(frozen=True, slots=True)
class Attribution:
    """The test that a resource goes back to; ``through`` names what the test itself made, if not the resource.

    ``cause`` is what the resource was made for: that, or something that was made for that in turn.

    ``scope`` tells how long it was to live: that of the fixture that made it, else ``function``.
    """

    nodeid: str
    how: How
    phase: str = ""
    worker: str = ""
    fixture: str = ""
    scope: str = "function"
    request_id: str = ""
    test_id: str = ""
    at: float = 0.0
    through: str = ""
    cause: Key | None = None

    @classmethod
    def of(cls, act: Act, how: How = How.MADE) -> Attribution:
        """To the test of an act."""
        return cls(act.nodeid, how, act.phase, act.worker, act.fixture, act.scope, act.request_id, act.test_id, act.at)

    @property
    def certain(self) -> bool:
        """True if no other user of the cloud can have made it."""
        return self.how is not How.TIME

    def __str__(self) -> str:
        where = ", ".join(filter(None, (self.phase, f"fixture {self.fixture}" if self.fixture else "", self.worker)))
        through = f", {self.how} through {self.through}" if self.through else ""
        how = f", {self.how}" if self.how in (How.ACTION, How.NAME, How.TIME) else ""
        return f"{self.nodeid or 'no test of the run'}{f' ({where})' if where else ''}{through}{how}"


#: The id of the request that made a server, by Nova's own list of its actions; empty if that is not known.
CreateRequest = Callable[[Resource], str]
_REFUSED = 400
_ROUNDED = 1.5  # seconds: services cut the fraction off, and their clocks are not ours to the last


class Attributions:
    """Answers for each resource of a listing who made it: by what was written down, else by what it was made for,
    else by the request that Nova remembers, else by its name, else by the time.

    ``run_id`` is in the names of what the fixtures of a run make; ``skew`` are the seconds by which the cloud's clock
    is ahead of ours.
    """

    def __init__(
        self, acts: Iterable[Act], resources: Iterable[Resource], *, run_id: str = "", skew: float = 0.0,
        create_request: CreateRequest = lambda _: "",
    ) -> None:  # fmt: skip
        acts = tuple(acts)
        self._resources = {resource.key: resource for resource in resources}
        self._made = {Key(act.kind, act.id): act for act in acts if act.verb == MADE}
        self._requests = {act.request_id: act for act in acts if act.verb == MADE and act.request_id}
        self._changed = {Key(act.kind, act.id): act for act in acts if act.verb == CHANGED}
        self._deleted = {Key(act.kind, act.id): act for act in acts if act.verb == DELETED and act.status < _REFUSED}
        self._ran = tuple(_intervals(acts))
        self._causes = causes(self._resources.values())
        self._run_id, self._skew, self._create_request = run_id, skew, create_request
        self._known: dict[Key, Attribution | None] = {}

    def __call__(self, resource: Resource) -> Attribution | None:
        """Who made it; None if that is not known."""
        if resource.key not in self._known:
            self._known[resource.key] = None  # What leads back to itself leads nowhere.
            self._known[resource.key] = self._found(resource)
        return self._known[resource.key]

    def changed(self, key: Key) -> Attribution | None:
        """Who changed it last."""
        act = self._changed.get(key)
        return Attribution.of(act) if act else None

    def deleted(self, resource: Resource) -> Attribution | None:
        """Who deleted it, or what it was a part of."""
        keys = (resource.key, *(ref.key for ref in resource.refs if ref.relation is Relation.PART_OF))
        act = next((act for key in keys if (act := self._deleted.get(key))), None)
        return Attribution.of(act) if act else None

    def _found(self, resource: Resource) -> Attribution | None:
        made = self._made.get(resource.key)
        if made:
            return Attribution.of(made)
        return self._by_cause(resource) or self._by_action(resource) or self._by_time(resource)

    def _by_cause(self, resource: Resource) -> Attribution | None:
        for key in self._causes(resource):
            cause = self._resources.get(key)
            found = self(cause) if cause else None
            made = self._made.get(key)
            if made or (found and found.certain):
                return _through(Attribution.of(made) if made else found, cause, key)
        return None

    def _by_action(self, resource: Resource) -> Attribution | None:
        act = self._requests.get(self._create_request(resource)) if resource.kind == "server" else None
        return Attribution.of(act, How.ACTION) if act else None

    def _by_time(self, resource: Resource) -> Attribution | None:
        nodeids = self._running(resource)
        if self._run_id and resource.name.startswith(f"sp-{self._run_id}-"):
            return Attribution(nodeids[0] if len(nodeids) == 1 else "", How.NAME)
        return Attribution(nodeids[0], How.TIME) if len(nodeids) == 1 else None

    def _running(self, resource: Resource) -> list[str]:
        """The tests that ran when it was made."""
        at = seconds(resource.created)
        if at is None:
            return []
        at -= self._skew
        return [nodeid for nodeid, began, ended in self._ran if began - _ROUNDED <= at <= ended + _ROUNDED]


def seconds(created: str | None) -> float | None:
    """A time as APIs tell it, in seconds since 1970.

    >>> seconds("2026-11-21T07:30:00Z") == seconds("2026-11-21T07:30:00.000000")
    True
    >>> seconds("soon") is None
    True
    """
    try:
        at = datetime.fromisoformat(created or "")
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _through(found: Attribution | None, cause: Resource | None, key: Key) -> Attribution | None:
    if found is None:
        return None
    return replace(found, how=How.CAUSE, through=found.through or str(cause or key), cause=key)


def _intervals(acts: Iterable[Act]) -> Iterator[tuple[str, float, float]]:
    """When each test ran; one whose process died ran until the last that is known of the run."""
    began: dict[tuple[str, str], float] = {}
    last = 0.0
    for act in acts:
        last = max(last, act.at)
        if act.verb == BEGAN:
            began[act.worker, act.nodeid] = act.at
        elif act.verb == ENDED and (act.worker, act.nodeid) in began:
            yield act.nodeid, began.pop((act.worker, act.nodeid)), act.at
    yield from ((nodeid, at, last) for (_, nodeid), at in began.items())
