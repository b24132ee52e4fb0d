"""Evidence in the middle of an upgrade: which releases are at work, and whether two were at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_upgrade.evidence import Releases, Windows, WrongRelease
from pytest_upgrade.persistent.errors import Inconclusive
from pytest_upgrade.release.clue import SCHEMA, Clue, Verdict
from pytest_upgrade.store import Store
from pytest_upgrade.store.values import Evidence, Run

API = Clue("compute", "API", "2.100", frozenset({"2025.1", "2025.2"}))
OLD = Clue("compute", "process of nova-compute", "nova 31.3.1", frozenset({"2025.1"}), "compute2")
NEW = Clue("compute", "process of nova-api", "nova 32.2.1", frozenset({"2025.2"}), "controller")
STALE = Clue("compute", "process of nova-api", "nova 32.2.1 was installed at B, and it runs since A", frozenset())
MIGRATED = Clue("compute", SCHEMA, "nova 2903cd72dc14", frozenset({"2025.2"}))
BOTH = frozenset({"2025.1", "2025.2"})


def look(*clues: Clue) -> Releases:
    return Releases((Verdict.on("compute", clues),), "")


def row(release: str, at: float, service: str = "compute") -> Evidence:
    return Evidence("during", service, "controller", "process of nova-api", "nova", release.split(), at)


def test_parts_of_a_service_may_be_at_either_release() -> None:
    assert look(API, OLD, NEW).between("compute", BOTH) == BOTH
    assert look(API, OLD).between("compute", BOTH) == {"2025.1"}
    assert look(API, OLD, NEW).between("compute", frozenset()) == BOTH


def test_schema_that_is_migrated_before_its_services_is_no_part_at_work() -> None:
    assert look(MIGRATED, OLD).between("compute", BOTH) == {"2025.1"}
    with pytest.raises(Inconclusive, match="so it was not seen to roll"):
        Windows((row("2025.1", 1), replace(row("2025.2", 1), source=SCHEMA)))("compute")


@pytest.mark.parametrize("wrong", [STALE, replace(NEW, said="nova 33.0.2", releases=frozenset({"2026.1"}))])
def test_part_that_is_at_neither_release_is_named(wrong: Clue) -> None:
    with pytest.raises(WrongRelease) as caught:
        look(OLD, wrong).between("compute", BOTH)
    assert wrong.said in caught.value.sentence


def test_releases_that_nobody_tells_are_inconclusive() -> None:
    with pytest.raises(Inconclusive, match="nothing tells which releases compute is at"):
        look(API).between("compute", BOTH)


def test_two_releases_in_one_look_were_at_work_at_once() -> None:
    seen = Windows((row("2025.1", 1), row("2025.1", 2), row("2025.2", 2), row("2025.2", 3)))
    assert seen("compute") == BOTH


@pytest.mark.parametrize(
    "rows",
    [
        (),
        (row("2025.1", 1), row("2025.2", 2)),  # one after the other
        (row("2025.1", 1), row("2025.1 2025.2", 1)),  # what the API says is true of both
        (row("2025.1", 1), row("", 1)),  # code that was replaced beneath a process is no release
        (row("2025.1", 1), row("2025.2", 1, "image")),
    ],
)
def test_releases_that_were_not_seen_at_once_are_no_rolling_upgrade(rows: tuple[Evidence, ...]) -> None:
    with pytest.raises(Inconclusive, match="compute at two releases at once, so it was not seen to roll"):
        Windows(rows)("compute")


def test_windows_are_what_was_seen_during_the_upgrade() -> None:
    with Store.open("sqlite://") as store:
        store.add_run(Run("3f9a1c", "x", "prod", "10.0.0.1", "north"))
        for phase in ("pre", "during"):
            for release in ("2025.1", "2025.2"):
                store.evidence.add("3f9a1c", replace(row(release, 1), phase=phase))
        assert Windows.of(store, "3f9a1c")("compute") == BOTH
        assert {one.phase for one in Windows.of(store, "3f9a1c").rows} == {"during"}


def test_code_that_was_replaced_beneath_a_process_is_named_where_no_release_was() -> None:
    with pytest.raises(WrongRelease, match="was installed at B, and it runs since A"):
        look(OLD, STALE).between("compute", frozenset())
