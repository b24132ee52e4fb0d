"""What Placement says of the compute hosts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_TRAITS = "1.6"  # the microversion that has them


@dataclass(frozen=True, slots=True)
class Provider:
    """A resource provider; ``inventory`` has the total of each resource class, ``root`` the hypervisor's id."""

    name: str
    root: str
    traits: frozenset[str]
    inventory: Mapping[str, int]


def providers(connection: Any, root: str) -> Iterator[Provider]:
    """The provider of a hypervisor, and all that are nested in it."""
    placement = connection.placement
    for found in placement.resource_providers(in_tree=root):
        totals = {one.resource_class: one.total for one in placement.resource_provider_inventories(found.id)}
        yield Provider(found.name, root, traits(connection, found.id), totals)


def traits(connection: Any, provider: str) -> frozenset[str]:
    """The traits of one provider."""
    answer = connection.placement.get(f"/resource_providers/{provider}/traits", microversion=_TRAITS)
    return frozenset(answer.json()["traits"])
