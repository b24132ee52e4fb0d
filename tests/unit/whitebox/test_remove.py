"""What removes things by name: each calls what openstacksdk really has, and goes on until nothing is left."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from openstack.connection import Connection
from openstack.exceptions import ConflictException

from pytest_whitebox.remove import REMOVALS, Removal

KINDS = sorted(kind for kind, removal in REMOVALS.items() if isinstance(removal, Removal))


@dataclass
class Thing:
    id: str
    name: str


@dataclass
class Store:
    """A service that has things, and lets none go before it was asked as often as it is ``busy``."""

    things: list[Thing]
    busy: int = 0
    asked: list[str] = field(default_factory=list)

    def listed(self, **_query: str) -> list[Thing]:
        return list(self.things)

    def deleted(self, thing: Thing) -> None:
        self.asked.append(thing.id)
        if len(self.asked) <= self.busy:
            raise ConflictException("somebody holds it")
        self.things.remove(thing)


@dataclass
class Cloud:
    store: Store


@pytest.mark.parametrize("kind", KINDS)
def test_openstacksdk_has_what_is_called(kind: str) -> None:
    removal: Any = REMOVALS[kind]
    (proxy, *_) = reversed(getattr(Connection, removal.service).supported_versions.values())
    assert callable(getattr(proxy, removal.listing))
    assert callable(getattr(proxy, removal.delete))


def test_all_of_the_name_and_no_other() -> None:
    store = Store([Thing("1", "mine"), Thing("2", "mine2"), Thing("3", "mine")])
    Removal("thing", "store", "listed", "deleted")(Cloud(store), "mine")  # type: ignore[arg-type]
    assert [thing.id for thing in store.things] == ["2"]


def test_what_is_held_is_tried_again() -> None:
    store = Store([Thing("1", "mine")], busy=1)
    Removal("thing", "store", "listed", "deleted")(Cloud(store), "mine")  # type: ignore[arg-type]
    assert (store.asked, store.things) == (["1", "1"], [])
