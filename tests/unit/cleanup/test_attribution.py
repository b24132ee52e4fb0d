"""Which test a resource goes back to."""

from __future__ import annotations

from pytest_cleanup.attribution.act import BEGAN, DELETED, ENDED, MADE, Act
from pytest_cleanup.attribution.attribution import Attributions, How
from pytest_cleanup.diagnosis import Diagnoses
from pytest_cleanup.evidence.bugreport import groups
from pytest_cleanup.resource import Key, Reference, Relation, Resource

ONE, TWO = "test_a.py::test_one", "test_a.py::test_two"


def made(kind: str, id: str, *, by: str = ONE, request_id: str = "") -> Act:
    return Act(MADE, 5.0, by, "call", kind=kind, id=id, request_id=request_id)


def ran(nodeid: str, began: float, ended: float | None, worker: str = "") -> list[Act]:
    acts = [Act(BEGAN, began, nodeid, worker=worker)]
    return acts + ([Act(ENDED, ended, nodeid, worker=worker)] if ended is not None else [])


def moment(seconds: int) -> str:
    return f"1970-01-01T00:{seconds // 60:02}:{seconds % 60:02}Z"


def test_what_was_written_down_counts_first() -> None:
    volume = Resource("volume", "v", created=moment(100), project="p")
    found = Attributions([made("volume", "v"), made("project", "p", by=TWO), *ran(TWO, 90, 110)], [volume])(volume)

    assert found is not None
    assert (found.nodeid, found.how, found.certain) == (ONE, How.MADE, True)


def test_side_effects_go_back_to_what_was_asked_for() -> None:
    server = Resource("server", "s", refs=(Reference(Relation.TAKES, "volume", "root"),))
    port = Resource("port", "p", refs=(Reference(Relation.PART_OF, "server", "s"),))
    root, snapshot = (
        Resource("volume", "root"),
        Resource("snapshot", "n", refs=(Reference(Relation.USES, "volume", "root"),)),
    )
    find = Attributions([made("server", "s")], [server, port, root, snapshot])

    for resource in (port, root, snapshot):
        found = find(resource)
        assert found is not None
        assert (found.nodeid, found.how, found.certain) == (ONE, How.CAUSE, True)
        assert found.through == "server s"


def test_what_lies_in_a_project_that_a_test_made_is_the_tests() -> None:
    group = Resource("security_group", "g", "default", project="p")
    keypair = Resource("keypair", "u/k", user="u")
    find = Attributions([made("project", "p"), made("user", "u", by=TWO)], [group, keypair])

    found = [find(group), find(keypair)]
    assert [one.nodeid for one in found if one] == [ONE, TWO]


def test_server_made_by_a_request_for_several() -> None:
    second = Resource("server", "s2")
    find = Attributions([made("server", "s1", request_id="req-1")], [second], create_request=lambda _: "req-1")

    found = find(second)
    assert found is not None
    assert (found.nodeid, found.how) == (ONE, How.ACTION)


def test_time_alone_is_no_certainty() -> None:
    volume = Resource("volume", "v", created=moment(100))
    found = Attributions([*ran(ONE, 90, 110), *ran(TWO, 120, 130)], [volume])(volume)

    assert found is not None
    assert (found.nodeid, found.how, found.certain) == (ONE, How.TIME, False)


def test_two_tests_at_that_time_are_none() -> None:
    volume = Resource("volume", "v", created=moment(100))

    assert Attributions([*ran(ONE, 90, 110, "gw0"), *ran(TWO, 95, 130, "gw1")], [volume])(volume) is None


def test_clock_of_the_cloud_counts() -> None:
    volume = Resource("volume", "v", created=moment(100))
    acts = [*ran(ONE, 90, 110), *ran(TWO, 190, 210)]

    found = Attributions(acts, [volume], skew=-100)(volume)
    assert found is not None
    assert found.nodeid == TWO


def test_name_of_the_run_is_certain() -> None:
    volume = Resource("volume", "v", "sp-3f9a1c-gw0-makes-volume1")
    found = Attributions([], [volume], run_id="3f9a1c")(volume)

    assert found is not None
    assert found.certain
    assert Attributions([], [volume], run_id="000000")(volume) is None


def test_ring_of_causes_ends() -> None:
    one = Resource("port", "1", refs=(Reference(Relation.PART_OF, "port", "2"),))
    two = Resource("port", "2", refs=(Reference(Relation.PART_OF, "port", "1"),))

    assert Attributions([], [one, two])(one) is None


def test_cause_is_what_was_asked_and_answered() -> None:
    volume = Resource("volume", "v", status="error_deleting")
    refused = Act(DELETED, 6.0, ONE, kind="volume", id="v", status=400, said="Volume is attached.", request_id="req-2")
    accepted = Act(DELETED, 6.0, ONE, kind="volume", id="v", status=202, request_id="req-2")
    attribution = Attributions([made("volume", "v")], [volume])(volume)

    def cause(*acts: Act) -> str:
        return Diagnoses([*ran(ONE, 1, 9), *acts]).leak(volume, attribution).cause

    assert cause(refused) == "its deletion was refused with 400: Volume is attached. (req-2)"
    assert cause(accepted) == "its deletion was accepted with 202 (req-2), and it is still there, error_deleting"
    assert cause() == "nothing asked for its deletion"
    assert Diagnoses(ran(ONE, 1, None)).leak(volume, attribution).cause == (
        "the process of its test died before its teardown"
    )


def test_side_effect_of_what_is_left_is_told_so() -> None:
    server = Resource("server", "s")
    port = Resource("port", "p", refs=(Reference(Relation.PART_OF, "server", "s"),))
    attribution = Attributions([made("server", "s")], [server, port])(port)

    left = Diagnoses([], left=[server.key]).leak(port, attribution).cause
    gone = Diagnoses([], left=[]).leak(port, attribution).cause
    assert (left, gone) == (
        "it was made for server s, which is left, too", "it was made for server s and did not go with it"
    )  # fmt: skip


def test_what_only_hangs_on_another_leak_is_told_last() -> None:
    server, refs = Resource("server", "s"), (Reference(Relation.PART_OF, "server", "s"),)
    ports = [Resource("port", id, refs=refs) for id in "pqr"]
    find = Attributions([made("server", "s")], [server, *ports])
    refused = Act(DELETED, 6.0, ONE, kind="port", id="r", status=409, said="it is bound", request_id="req-2")
    diagnoses = Diagnoses([refused], left=[server.key])

    told = groups(diagnoses.leak(one, find(one)) for one in (*ports, server))
    assert [[leak.resource.id for leak in leaks] for _, leaks in told] == [["r"], ["s"], ["p", "q"]]


def test_equal_causes_are_one_group() -> None:
    ids = ("3f9a1c00-0000-4000-8000-000000000001", "3f9a1c00-0000-4000-8000-000000000002")
    acts = [Act(DELETED, 6.0, ONE, kind="port", id=id, status=409, said=f"Port {id} is in use.") for id in ids]
    leaks = [Diagnoses(acts).leak(Resource("port", id), None) for id in ids]

    assert leaks[0].cause != leaks[1].cause
    assert leaks[0].group == leaks[1].group
    assert {leak.resource.key for leak in leaks} == {Key("port", id) for id in ids}
