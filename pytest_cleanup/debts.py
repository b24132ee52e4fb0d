"""What the tests of this process have made and not removed: each falls due when the scope that it was made in ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pytest

from pytest_cleanup.attribution.act import MADE, Act
from pytest_cleanup.resource import Key
from pytest_whitebox.fixtures import prefix_key

_HOLDERS: Mapping[str, type[pytest.Item | pytest.Collector]] = {
    "function": pytest.Item, "class": pytest.Class, "module": pytest.Module, "package": pytest.Package,
}  # fmt: skip


class Debts:
    """``note`` each act; ``due`` tells what should be gone when a test ends, each once."""

    def __init__(self) -> None:
        self._open: dict[Key, tuple[Act, pytest.Item | pytest.Collector]] = {}

    def note(self, act: Act, item: pytest.Item) -> None:
        """Something was made for this test, to live as long as the fixture that made it."""
        if act.verb == MADE:
            self._open[Key(act.kind, act.id)] = (act, _holder(item, act.scope))

    def due(self, nextitem: pytest.Item | None) -> list[Act]:
        """All that should be gone by now, since nothing that the next test is part of owns it."""
        alive = nextitem.listchain() if nextitem else []
        prefixes = tuple(_prefixes(alive))
        found = {key: act for key, (act, holder) in self._open.items()
                 if holder not in alive and not act.name.startswith(prefixes)}  # fmt: skip
        for key in found:
            del self._open[key]
        return list(found.values())


def _holder(item: pytest.Item, scope: str) -> pytest.Item | pytest.Collector:
    """The node whose end is the end of a scope; where there is no class its module is meant, as pytest does."""
    for name in (scope, "module"):
        holder = item.getparent(_HOLDERS[name]) if name in _HOLDERS else item.session
        if isinstance(holder, pytest.Item | pytest.Collector):
            return holder
    return item.session


def _prefixes(nodes: Iterable[Any]) -> Iterator[str]:
    """How the names begin of what the fixtures of whole modules and of the session still have to remove."""
    for node in nodes:
        if prefix_key in node.stash:
            yield f"{node.stash[prefix_key]}-"
