"""What kinds of Neutron have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pytest_cleanup.kinds.collection import Collection, Edge
from pytest_cleanup.resource import Relation, Resource

if TYPE_CHECKING:
    from pytest_cleanup.view import View

NETWORK = "network"
USES, PART_OF = Relation.USES, Relation.PART_OF


Fields = str | tuple[str, ...]


def neutron(
    name: str, path: str = "", *, body: str = "", fields: str = "", uses: Mapping[str, Fields] | None = None,
    part_of: Mapping[str, Fields] | None = None, **more: Any,
) -> Collection:  # fmt: skip
    """A kind of Neutron's: ``fields`` are its attributes, ``uses`` and ``part_of`` fields by the kind they tell."""
    path = path or f"/{name}s".replace("_", "-")
    restored = tuple(fields.split())
    told = {
        "key": path.rpartition("/")[2].replace("-", "_"),
        "references": (*_edges(USES, uses or {}), *_edges(PART_OF, part_of or {})),
        "restoration": restoring(path, body or name) if restored else None,
    }
    return Collection(**{**told, **more}, name=name, service=NETWORK, path=path, restored=restored, user="")


def _edges(relation: Relation, told: Mapping[str, Fields]) -> Iterator[Edge]:
    for kind, fields in told.items():
        yield from (Edge(relation, kind, field) for field in ([fields] if isinstance(fields, str) else fields))


def restoring(path: str, body: str) -> Any:
    """Set attributes back; tags have an address of their own."""

    def restore(view: View, now: Resource, changed: Mapping[str, Any]) -> None:
        plain = {name: value for name, value in changed.items() if name != "tags"}
        if plain:
            view.put(NETWORK, f"{path}/{now.id}", {body: plain})
        if "tags" in changed:
            view.put(NETWORK, f"{path}/{now.id}/tags", {"tags": changed["tags"]})

    return restore


def below(first: str, second: str) -> Any:
    """Delete what has its address below that of another."""

    def delete(view: View, it: Resource) -> None:
        outer, inner = it.id.split("/")
        view.delete(NETWORK, f"/{first}/{outer}/{second}/{inner}")

    return delete
