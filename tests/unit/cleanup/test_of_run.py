"""Whose it is, by what a run has written down."""

from __future__ import annotations

from pathlib import Path

from pytest_cleanup.attribution.act import BEGAN, CHANGED, DELETED, ENDED, MADE, Act
from pytest_cleanup.attribution.attribution import Attributions
from pytest_cleanup.attribution.chronicle import Chronicle, read
from pytest_cleanup.attribution.of_run import scope
from pytest_cleanup.difference import Change
from pytest_cleanup.resource import Reference, Relation, Resource

TEST = "test_a.py::test_one"
RAN = (Act(BEGAN, 0.0, TEST), Act(ENDED, 60.0, TEST))


def test_scope_takes_only_what_is_certain() -> None:
    ours, within = Resource("project", "p"), Resource("volume", "v", project="p")
    meanwhile = Resource("volume", "w", created="1970-01-01T00:00:30Z", project="other")
    appeared = {one.key: one for one in (ours, within, meanwhile)}
    find = Attributions([*RAN, Act(MADE, 5.0, TEST, "call", kind="project", id="p")], appeared.values())

    assert find(meanwhile) is not None
    assert set(scope(find).owned(appeared)) == {ours.key, within.key}


def test_change_of_another_is_not_ours() -> None:
    was, now = (Resource("flavor", id, attributes={"a": value}) for id, value in (("1", "x"), ("1", "y")))
    other = Change(Resource("flavor", "2", attributes={"a": "x"}), Resource("flavor", "2", attributes={"a": "y"}))
    found = scope(Attributions([Act(CHANGED, 5.0, TEST, kind="flavor", id="1")], []))

    assert found.changed(Change(was, now)) == f"changed by {TEST}"
    assert found.changed(other) is None


def test_what_others_deleted_is_not_ours() -> None:
    role = "/projects/p/users/u/roles/r"
    ours, theirs = Resource("role_assignment", role), Resource("role_assignment", role.replace("u", "v"))
    refused = Resource("volume", "1")
    inside = Resource("role_assignment", "x", refs=(Reference(Relation.PART_OF, "project", "q"),))
    acts = (
        Act(DELETED, 5.0, TEST, kind="role_assignment", id=role, status=204),
        Act(DELETED, 5.0, TEST, kind="volume", id="1", status=409),
        Act(DELETED, 5.0, TEST, kind="project", id="q", status=204),
    )
    found = scope(Attributions(acts, []))

    assert [found.lost(one) for one in (ours, inside)] == [f"deleted by {TEST}"] * 2
    assert [found.lost(one) for one in (theirs, refused)] == [None, None]


def test_line_that_was_cut_off_costs_only_itself(tmp_path: Path) -> None:
    chronicle = Chronicle(tmp_path, "gw0")
    chronicle.note(Act(MADE, 5.0, TEST, kind="flavor", id="1"))
    (file,) = (tmp_path / "acts").iterdir()
    with file.open("a") as out:
        out.write('{"verb": "made", "at": 6.0, "nodei')

    assert [act.id for act in read(tmp_path)] == ["1"]
    assert file.stat().st_mode & 0o777 == 0o600
