"""One thing that a cloud has, as its API lists it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple


class Key(NamedTuple):
    """What tells one resource of a cloud from all others.

    >>> str(Key("server", "3f9a"))
    'server 3f9a'
    """

    kind: str
    id: str

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class Relation(StrEnum):
    """What one resource has to do with another."""

    #: It has to go before the other can.
    USES = "uses"
    #: It goes by itself when the other goes.
    PART_OF = "is part of"
    #: When it goes, the other goes with it.
    TAKES = "takes along"


@dataclass(frozen=True, slots=True)
class Reference:
    """An edge from a resource to another."""

    relation: Relation
    kind: str
    id: str

    @property
    def key(self) -> Key:
        """The other end."""
        return Key(self.kind, self.id)


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing of a cloud; ``kind`` is its API's own word for it, such as ``server`` or ``floatingip``.

    ``project`` and ``user`` are ids; ``created`` is what the API says, in ISO 8601 UTC; ``attributes`` are those that
    can be set back to what they were.

    >>> volume = Resource("volume", "0a-b1", "data", attributes={"description": "of the test"})
    >>> Resource.from_json(volume.as_json()) == volume
    True
    >>> str(volume)
    "volume 'data' (0a-b1)"
    """

    kind: str
    id: str
    name: str = ""
    project: str | None = None
    user: str | None = None
    created: str | None = None
    status: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict, hash=False)
    refs: tuple[Reference, ...] = ()

    @property
    def key(self) -> Key:
        """Its kind and id."""
        return Key(self.kind, self.id)

    def as_json(self) -> dict[str, Any]:
        """Itself as JSON's types; what is not known is left out."""
        plain = {name: getattr(self, name) for name in ("kind", "id", "name", "project", "user", "created", "status")}
        told = {name: value for name, value in plain.items() if value}
        if self.attributes:
            told["attributes"] = dict(self.attributes)
        if self.refs:
            told["refs"] = [[str(ref.relation), ref.kind, ref.id] for ref in self.refs]
        return told

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Resource:
        """The resource that `as_json` told of; raises `KeyError`, `TypeError` or `ValueError` if it is none."""
        refs = tuple(Reference(Relation(relation), kind, id) for relation, kind, id in told.get("refs", ()))
        return cls(**{**told, "refs": refs})

    def __str__(self) -> str:
        return f"{self.kind} {self.name!r} ({self.id})" if self.name else f"{self.kind} {self.id}"
