"""Guidelines of interoperability: the lists that Refstack's server makes of them, and what a run has proven."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.tempest.guideline import STATUSES, Guideline, load
from pytest_whitebox.tempest.interop import Interop
from tests.doubles.serving import nobody

UUID = "5f1b7a4e-0000-4000-8000-00000000000"
OLD = {
    "id": "2015.05", "schema": "1.2", "platform": {"required": ["compute", "object"]},
    "components": {"compute": {"required": ["a"], "advisory": ["b"]}, "object": {"required": ["c"]}},
    "capabilities": {
        "a": {"tests": ["t.A.one", "t.A.two"], "flagged": ["t.A.two"]},
        "b": {"tests": ["t.B.one"], "flagged": []}, "c": {"tests": ["t.C.one"], "flagged": []},
    },
}  # fmt: skip
MIDDLE = {
    **OLD, "id": "2016.08", "schema": "1.6",
    "capabilities": {
        "a": {"tests": {
            "t.A.one": {"idempotent_id": f"id-{UUID}1", "aliases": ["t.Old.one"]},
            "t.A.two": {"idempotent_id": f"id-{UUID}2", "flagged": {"reason": "bug"}},
        }},
        "b": {"tests": {"t.B.one": {"idempotent_id": f"{UUID}3"}}}, "c": {"tests": {}},
    },
}  # fmt: skip


def guideline(known: dict[str, Any]) -> Guideline:
    return Guideline.from_json(json.dumps(known), "here")


def interop(*, target: str = "compute", statuses: tuple[str, ...] = ("required",), flagged: bool = False) -> Interop:
    return Interop(guideline(MIDDLE), target, statuses, flagged)


@pytest.mark.parametrize(
    ("target", "tests", "flagged", "aliases"),
    [("platform", 284, 11, 104), ("compute", 228, 11, 103), ("object", 58, 0, 1)],
)
def test_the_one_that_comes_along_is_read_as_refstack_reads_it(
    target: str, tests: int, flagged: int, aliases: int
) -> None:
    found = load("2020.06", Path()).capabilities(target, ["required"])
    by_name = {test.name: test for known in found.values() for test in known}

    assert len(by_name) == tests
    assert sum(test.flagged for test in by_name.values()) == flagged
    assert len({alias for known in found.values() for test in known for alias in test.aliases}) == aliases


@pytest.mark.parametrize(
    ("id", "target", "tests"), [("dns.2020.06", "dns", 10), ("orchestration.2020.06", "orchestration", 60)]
)
def test_add_ons_have_their_own_target(id: str, target: str, tests: int) -> None:
    found = load(id, Path())

    assert set(found.targets) == {target}
    assert sum(len(known) for known in found.capabilities(target, STATUSES).values()) == tests


def test_lists_of_names_are_read_too() -> None:
    found = guideline(OLD)

    assert set(found.targets) == {"compute", "object", "platform"}
    assert [test.name for test in found.capabilities("platform", ["required"])["a"]] == ["t.A.one", "t.A.two"]
    assert [test.flagged for test in found.tests["a"]] == [False, True]
    assert set(found.capabilities("compute", ["required", "advisory"])) == {"a", "b"}


def test_a_test_counts_by_name_or_alias_and_uuid() -> None:
    asked = interop()

    assert asked.takes(f"t.A.one[id-{UUID}1,smoke]")
    assert asked.takes(f"t.Old.one[id-{UUID}1]")
    assert not asked.takes(f"t.Other.one[id-{UUID}1]")
    assert not asked.takes(f"t.A.one[id-{UUID}9]")
    assert not asked.takes(f"t.A.two[id-{UUID}2]")
    assert interop(flagged=True).takes(f"t.A.two[id-{UUID}2]")
    assert Interop(guideline(OLD), "compute", ("required",), flagged=False).takes(f"t.A.one[id-{UUID}9]")


def test_what_is_lacking_is_known() -> None:
    assert interop(flagged=True).lacking([f"t.Old.one[id-{UUID}1]"]) == ["t.A.two"]
    assert interop(flagged=True).lacking([]) == ["t.A.one", "t.A.two"]


def test_a_capability_is_met_only_by_all_of_its_tests() -> None:
    asked = interop(statuses=("required", "advisory"), flagged=True)

    assert _told(asked, {"t.Old.one": "passed", "t.A.two": "passed", "t.B.one": "failed"}) == [
        ("a", "required", "met", ""), ("b", "advisory", "failed", "by t.B.one"),
    ]  # fmt: skip
    assert _told(asked, {"t.A.one": "passed", "t.A.two": "skipped"}) == [
        ("a", "required", "not run", "1 of 2 tests, the first t.A.two"),
        ("b", "advisory", "not run", "1 of 1 tests, the first t.B.one"),
    ]  # fmt: skip
    assert _told(interop(target="object"), {}) == [("c", "required", "not run", "no test")]


def _told(asked: Interop, outcomes: dict[str, str]) -> list[tuple[str, str, str, str]]:
    return [(one.capability, one.status, one.verdict, one.why) for one in asked.judged(outcomes)]


def test_a_test_of_our_own_counts_by_its_uuid_alone() -> None:
    asked = interop()

    assert asked.proven(f"tests.suites.test_x.test_one[id-{UUID}1](q1)", own=True) == "t.A.one"
    assert asked.proven(f"tests.suites.test_x.test_one[id-{UUID}1]", own=False) == ""
    assert asked.proven(f"t.Old.one[id-{UUID}1]", own=False) == "t.Old.one"
    assert asked.proven("tests.suites.test_x.test_one", own=True) == ""
    assert asked.proven(f"tests.suites.test_x.test_two[id-{UUID}2]", own=True) == ""


def test_what_is_no_guideline_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "cut.json").write_text(json.dumps(OLD)[:-9])
    with pytest.raises(StackproofError, match=r"cut.json is no guideline of interoperability"):
        load("cut.json", tmp_path)
    with pytest.raises(StackproofError) as caught:
        load("2099.01", tmp_path)
    assert "2020.06, dns.2020.06, orchestration.2020.06" in caught.value.sentence
    with pytest.raises(StackproofError) as caught:
        guideline(OLD).capabilities("dns", ["required"])
    assert caught.value.sentence == "guideline 2015.05 has no target 'dns'; choose from compute, object, platform"
    with (
        nobody() as port,
        pytest.raises(StackproofError, match=rf"http://127.0.0.1:{port}/x cannot be read: .*refused"),
    ):
        load(f"http://127.0.0.1:{port}/x", tmp_path)
