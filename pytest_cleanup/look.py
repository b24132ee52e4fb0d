"""What a cloud has at one moment: one listing for each kind, side by side."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pytest_cleanup.errors import ApiError
from pytest_cleanup.kind import Kind
from pytest_cleanup.resource import Key, Resource

if TYPE_CHECKING:
    from pytest_cleanup.view import View

#: Kinds that are listed side by side: each waits for its turn to ask, and some for each other.
_SIDE_BY_SIDE = 64


@dataclass(frozen=True, slots=True)
class Look:
    """All resources by their keys; ``failed`` are the kinds that could not be listed, with why.

    ``taken`` is when it began by the cloud's clock; the clocks of its services are within ``skew`` seconds of it.
    """

    taken: datetime
    skew: float
    listed: frozenset[str]
    failed: Mapping[str, str]
    resources: Mapping[Key, Resource]

    def of(self, kind: str) -> list[Resource]:
        """All of one kind."""
        return [resource for key, resource in self.resources.items() if key.kind == kind]


def look(view: View, kinds: Iterable[Kind]) -> Look:
    """List everything; a kind whose listing fails is told in ``failed``, and has no resources at all."""
    fresh = view.fresh()
    began = time.time()
    kinds = list(kinds)
    listed: set[str] = set()
    failed: dict[str, str] = {}
    resources: dict[Key, Resource] = {}

    def listing(kind: Kind) -> list[Resource] | str | None:
        try:
            return list(kind.listing(fresh)) if kind.here(fresh) else None
        except ApiError as error:
            return error.sentence
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            return f"{kind.service} answered something else than a listing of kind {kind.name}: {error!r}"

    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        for kind, found in zip(kinds, pool.map(listing, kinds), strict=True):
            if isinstance(found, str):
                failed[kind.name] = found
            elif found is not None:
                listed.add(kind.name)
                resources.update((resource.key, resource) for resource in found)
    ahead = view.clocks.get("identity", 0.0)
    skew = max((abs(clock - ahead) for clock in view.clocks.values()), default=0.0)
    return Look(datetime.fromtimestamp(began + ahead, UTC), skew, frozenset(listed), failed, resources)
