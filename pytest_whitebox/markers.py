"""The markers of this plugin; each is a frozen dataclass that is checked when tests are collected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

import pytest

from pytest_whitebox.requires import Requires

if TYPE_CHECKING:
    from pytest_whitebox.facts import Facts


@dataclass(frozen=True, slots=True)
class IdempotentId:
    """``@pytest.mark.idempotent_id("…")``: a UUID that stays the test's own when it is renamed or moved."""

    usage: ClassVar[str] = "idempotent_id(uuid): the identity of a test, whatever its name and place"

    uuid: UUID

    @classmethod
    def from_mark(cls, mark: pytest.Mark) -> IdempotentId:
        """What a marker says; raises `pytest.Collector.CollectError` if that is no UUID."""
        try:
            (text,) = mark.args
            return cls(UUID(text), **mark.kwargs)
        except (AttributeError, TypeError, ValueError):
            raise pytest.Collector.CollectError("@pytest.mark.idempotent_id takes one UUID: see `uuidgen`") from None


MARKERS: dict[str, type[Requires] | type[IdempotentId]] = {"requires": Requires, "idempotent_id": IdempotentId}
#: Markers that say nothing but their name; Tempest's words.
WORDS = (
    "smoke: one of the few tests that show in minutes that a cloud works behind its APIs, too",
    "slow: takes more than a minute on an idle machine of two CPUs",
)


def declare(config: pytest.Config) -> None:
    """Make the markers known to pytest."""
    for usage in (*(marker.usage for marker in MARKERS.values()), *WORDS):
        config.addinivalue_line("markers", usage)


def check(collected: object) -> None:
    """Raise `pytest.Collector.CollectError` if a marker is misused on one of the collected tests."""
    for item in collected if isinstance(collected, Iterable) else ():
        for mark in item.iter_markers() if isinstance(item, pytest.Item) else ():
            if mark.name in MARKERS:
                MARKERS[mark.name].from_mark(mark)


def required(item: pytest.Item) -> list[Requires]:
    """All that a test requires, its own markers and its module's."""
    return [Requires.from_mark(mark) for mark in item.iter_markers("requires")]


def missing(item: pytest.Item, facts: Facts) -> list[str]:
    """A sentence with its next step for each thing that a test requires and the cloud does not have."""
    return [sentence for requires in required(item) for sentence in requires.missing(facts)]
