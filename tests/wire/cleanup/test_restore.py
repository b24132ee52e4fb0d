"""Setting a cloud back: what goes, what stays, what is said of it."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_cleanup.keeping import Keepers
from pytest_cleanup.kinds import kinds
from pytest_cleanup.look import look
from pytest_cleanup.plan import plan
from pytest_cleanup.resource import Key, Reference, Relation, Resource
from pytest_cleanup.scope import OfProjects, OfRun, WholeCloud
from pytest_cleanup.triage import triage
from pytest_cleanup.view import View
from tests.doubles.openstack import Openstack
from tests.wire.cleanup.scene import KINDS, Scene, network, patient, quick, server, volume

#: Requests that fail for as long as an API is away: two looks, of which each is tried three times.
AWAY = 6


@pytest.fixture
def scene(cloud: Openstack, view: View) -> Scene:
    network(cloud, "kept")
    volume(cloud, "kept-volume")
    return Scene(cloud, view, look(view, KINDS.values()))


def test_what_was_left_goes_and_what_was_there_stays(scene: Scene) -> None:
    there = scene.cloud.ids()
    network(scene.cloud, "leaked")
    server(scene.cloud, "leaked-server")
    done = scene.restore()
    assert done.equal
    assert scene.cloud.ids() == there
    assert {one.id for one in done.deleted} >= {"leaked-net", "leaked-subnet", "leaked-router", "leaked-server"}


def test_server_lets_go_of_a_kept_volume_that_it_would_take_along(scene: Scene) -> None:
    server(scene.cloud, "leaked-server", {"kept-volume": True})
    assert scene.restore().equal
    assert "leaked-server" in scene.cloud.deleted
    assert scene.cloud.of("block-storage", "volumes")["kept-volume"]["status"] == "available"


def test_volume_that_goes_along_with_its_server_is_waited_for(scene: Scene) -> None:
    volume(scene.cloud, "root")
    server(scene.cloud, "leaked-server", {"root": True})
    assert scene.restore().equal
    assert ("DELETE", "block-storage", "volumes/root") not in scene.cloud.asked


def test_what_was_there_before_the_snapshot_stays_even_if_the_snapshot_missed_it(scene: Scene) -> None:
    server(scene.cloud, "missed", created="2020-01-01T00:00:00Z")
    done = scene.restore()
    assert "missed" in scene.cloud.ids()
    assert done.left is not None
    kept = {one.id: why for one, why in done.left.kept}
    assert kept["missed"] == "is of 2020-01-01T00:00:00Z, before the snapshot, which missed it"


def test_stuck_volume_is_reset_with_evidence_saved_first(scene: Scene) -> None:
    volume(scene.cloud, "stuck", status="attaching")
    seen: list[tuple[str, str, str]] = []

    def witness(resource: Any, step: Any, words: str) -> None:
        seen.append((step.name, scene.cloud.of("block-storage", "volumes")[resource.id]["status"], words))

    assert scene.restore(quick(witness=witness)).equal
    refused = "block-storage DELETE /volumes/stuck answered 400: Volume stuck must not be attaching"
    assert seen == [("end its attachments", "attaching", refused), ("reset its state", "attaching", refused)]


def test_protected_image_is_unprotected(scene: Scene) -> None:
    scene.cloud.put("image", "images", id="image", name="image", visibility="private", protected=True, tags=[])
    assert scene.restore().equal
    assert "image" in scene.cloud.deleted


def test_what_stays_says_what_holds_it(scene: Scene) -> None:
    network(scene.cloud, "leaked")
    # Something that was there has been plugged into it.
    scene.cloud.of("network", "ports")["kept-free"]["network_id"] = "leaked-net"
    done = scene.restore()
    assert not done.equal
    (failure,) = [one for one in done.failures if one.resource.id == "leaked-net"]
    assert [one.id for one in failure.blockers] == ["kept-free"]
    assert "in use by kept-free" in failure.words
    assert "kept-free" in scene.cloud.ids()


def test_listing_that_is_away_for_a_moment_is_asked_for_again(scene: Scene) -> None:
    network(scene.cloud, "leaked")
    failed: list[str] = []

    def away(method: str, service: str, path: str) -> int:
        if len(failed) == AWAY or "leaked-net" not in scene.cloud.deleted or not path.startswith("subnets"):
            return 0
        failed.append(path)
        return 503

    scene.cloud.fail = away
    done = scene.restore()
    assert len(failed) == AWAY
    assert done.equal
    assert "leaked-subnet" in {one.id for one in done.deleted}


def test_nothing_is_orphaned_by_deleting_its_project(scene: Scene) -> None:
    scene.cloud.put("identity", "projects", id="project", name="leaked")
    server(scene.cloud, "stuck", tenant_id="project", protected=True)
    scene.cloud.fail = lambda method, service, path: 500 if path.endswith("stuck/action") else 0
    done = scene.restore(kinds=patient(0.1))
    assert {"stuck", "project"} <= scene.cloud.ids()
    failures = {one.resource.id: one for one in done.failures}
    assert failures["project"].words == "server stuck has to go before it"
    assert [step.partition(" (")[0] for step in failures["stuck"].steps] == ["reset its state", "delete it by force"]
    assert ("DELETE", "identity", "projects/project") not in scene.cloud.asked


def test_attributes_are_set_back(scene: Scene) -> None:
    scene.cloud.of("network", "networks")["kept-net"]["description"] = "changed"
    done = scene.restore()
    assert done.equal
    assert scene.cloud.of("network", "networks")["kept-net"]["description"] == ""
    assert [(change.now.id, change.names) for change in done.restored] == [("kept-net", ("description",))]


def test_server_that_starts_is_waited_for_and_asked_once(cloud: Openstack, view: View) -> None:
    cloud.slow = 3
    server(cloud, "kept-server")
    scene = Scene(cloud, view, look(view, KINDS.values()))
    cloud.of("compute", "servers")["kept-server"]["status"] = "SHUTOFF"
    done = scene.restore()
    assert done.equal
    assert done.unrestored == {}
    assert cloud.asked.count(("POST", "compute", "servers/kept-server/action")) == 1


def test_what_is_gone_is_told_and_is_no_success(scene: Scene) -> None:
    scene.cloud.drop("block-storage", "volumes", "kept-volume")
    done = scene.restore()
    assert not done.equal
    assert done.left is not None
    assert [one.id for one, _ in done.left.lost] == ["kept-volume"]
    assert [*done.unrestored.values()] == [
        "volume 'kept-volume' (kept-volume) is gone and cannot be brought back; make it again by hand"
    ]


def test_what_others_took_away_is_not_brought_back(scene: Scene) -> None:
    scene.cloud.drop("block-storage", "volumes", "kept-volume")
    done = scene.restore(scope=OfRun(lambda _: None, lambda _: None, lambda _: None))
    assert done.equal
    assert done.left is not None
    assert [one.id for one in done.left.gone] == ["kept-volume"]
    assert (done.remade, done.unrestored) == ([], {})


def test_listing_that_fails_leaves_its_kind_alone(scene: Scene) -> None:
    server(scene.cloud, "leaked-server")
    volume(scene.cloud, "leaked")
    scene.cloud.fail = lambda method, service, path: 500 if method == "GET" and path.startswith("servers") else 0
    done = scene.restore()
    assert "leaked-server" in scene.cloud.ids()
    assert "leaked" not in scene.cloud.ids()
    assert not done.equal
    assert done.left is not None
    assert list(done.left.unknown) == ["server"]


def test_listing_goes_to_the_last_page(scene: Scene) -> None:
    scene.cloud.page = 2
    for number in range(5):
        volume(scene.cloud, f"leaked-{number}")
    assert scene.restore().equal
    assert len(scene.cloud.deleted) == 5


def test_scope_of_a_project_leaves_others_alone(scene: Scene) -> None:
    server(scene.cloud, "theirs")
    volume(scene.cloud, "ours", project="q")
    done = scene.restore(scope=OfProjects("project:q", frozenset({"q"})))
    assert scene.cloud.deleted == ["ours"]
    assert done.equal
    assert done.left is not None
    assert {one.id: why for one, why in done.left.kept}["theirs"] == "not ours: not of project:q"


def test_scope_of_a_project_has_what_is_part_of_it() -> None:
    scope = OfProjects("project:q", frozenset({"q"}))
    role, user = (
        Resource(kind, "it", refs=(Reference(relation, "project", "q"),))
        for kind, relation in (("role_assignment", Relation.PART_OF), ("user", Relation.USES))
    )
    assert scope.lost(role) == "in project:q"
    assert scope.lost(user) is None


def test_run_owns_what_lies_in_what_it_made(scene: Scene) -> None:
    scene.cloud.put("identity", "projects", id="made", name="made")
    volume(scene.cloud, "inside", project="made")
    volume(scene.cloud, "outside", project="other")
    now = look(scene.view, KINDS.values())
    scope = OfRun(lambda one: "test_a.py::test_it" if one.id == "made" else None, lambda _: None, lambda _: None)
    found, _ = triage(scene.before, now, KINDS, scope)
    assert dict(found.leaks) == {
        Key("project", "made"): "made by test_a.py::test_it",
        Key("volume", "inside"): "in project made, made by test_a.py::test_it",
    }


def test_what_a_keeper_speaks_for_stays(scene: Scene) -> None:
    volume(scene.cloud, "held")
    done = scene.restore(quick(keepers=Keepers((lambda one: "an upgrade run holds it" if one.id == "held" else None,))))
    assert scene.cloud.deleted == []
    assert done.equal
    assert done.left is not None
    assert [(one.id, why) for one, why in done.left.kept] == [("held", "an upgrade run holds it")]


def test_plan_says_order_and_reason_of_each(scene: Scene) -> None:
    network(scene.cloud, "leaked")
    now = look(scene.view, KINDS.values())
    found, _ = triage(scene.before, now, KINDS, WholeCloud())
    lines = {line.partition(". ")[2].partition(":")[0]: line for line in plan(found.leaks, now.resources).lines()}
    assert len(lines) == 6
    assert lines["subnet 'leaked' (leaked-subnet)"].endswith("not in the snapshot; goes with network leaked-net")
    assert lines["router 'leaked' (leaked-router)"].endswith("not in the snapshot; after port leaked-interface")


def test_limits_of_all_projects_are_seen_and_set_back(cloud: Openstack, view: View) -> None:
    limits = {name: kinds()[name] for name in ("registered_limit", "limit")}
    cloud.put("identity", "registered_limits", id="cores", resource_name="cores", default_limit=10, service_id="nova")
    for project in ("admin-project", "p"):
        cloud.put("identity", "limits", id=f"of-{project}", resource_limit=5, project_id=project, service_id="nova")
    scene = Scene(cloud, view, look(view, limits.values()))
    assert {one.id for one in scene.before.of("limit")} == {"of-admin-project", "of-p"}
    cloud.of("identity", "limits")["of-p"]["resource_limit"] = 50
    cloud.put("identity", "limits", id="left", resource_limit=1, project_id="p", service_id="nova")
    assert scene.restore(kinds=limits).equal
    assert cloud.of("identity", "limits")["of-p"]["resource_limit"] == 5
    assert cloud.deleted == ["left"]
    assert cloud.given == {"system/users/admin-user/roles/admin"}
    view.close()
    assert cloud.given == set()
