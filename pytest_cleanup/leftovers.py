"""What a test has made and is still there when it should be gone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from pytest_cleanup.attribution.act import Act
from pytest_cleanup.kind import Kind
from pytest_cleanup.resource import Key, Resource
from pytest_whitebox.core.wait import WaitTimeout, wait_for

if TYPE_CHECKING:
    from pytest_cleanup.view import View

_PATIENCE = 60  # seconds for what is being deleted


def left(view: View, kinds: Mapping[str, Kind], due: Iterable[Act], asked: Collection[Key]) -> Iterator[Resource]:
    """Those of the things made that are still there; what was ``asked`` to go is waited for."""
    by_kind = groupby(sorted(due, key=lambda act: act.kind), key=lambda act: act.kind)
    for name, acts in by_kind:
        if name in kinds:
            yield from _left(view, kinds[name], [_resource(act) for act in acts], asked)


def _left(view: View, kind: Kind, made: list[Resource], asked: Collection[Key]) -> list[Resource]:
    seen: dict[str, str | None] = {}

    def settled() -> bool:
        seen.clear()
        seen.update(kind.left(view, made))
        return not any(resource.id in seen and resource.key in asked for resource in made)

    with suppress(WaitTimeout):
        wait_for(settled, timeout=_PATIENCE, every=1, what=f"every {kind.name} that was deleted to be gone")
    return [replace(resource, status=seen[resource.id]) for resource in made if resource.id in seen]


def _resource(act: Act) -> Resource:
    return Resource(act.kind, act.id, act.name, act.project or None, act.user or None)
