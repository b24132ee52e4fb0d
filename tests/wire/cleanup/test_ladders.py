"""What each step of each ladder asks the API for, as the API's reference has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from pytest_cleanup.kinds import kinds
from pytest_cleanup.resource import Reference, Relation, Resource
from tests.doubles.openstack import CORE, Openstack, serve
from tests.wire.cleanup.scene import view_of

ID = "5c1d"
RESET = {"status": "error"}
#: The requests of each step, and what they say.
STEPS: Mapping[tuple[str, str], list[tuple[str, str, Any]]] = {
    ("server", "unlock it"): [("POST", f"servers/{ID}/action", {"unlock": None})],
    ("server", "reset its state"): [("POST", f"servers/{ID}/action", {"os-resetState": {"state": "error"}})],
    ("server", "delete it by force"): [("POST", f"servers/{ID}/action", {"forceDelete": None})],
    ("volume", "end its attachments"): [
        ("GET", "attachments", {}), ("DELETE", "attachments/a-1", {}), ("DELETE", "attachments/a-2", {}),
    ],
    ("volume", "reset its state"): [(
        "POST", f"volumes/{ID}/action",
        {"os-reset_status": {"status": "available", "attach_status": "detached", "migration_status": "none"}},
    )],
    ("volume", "delete it by force"): [("POST", f"volumes/{ID}/action", {"os-force_delete": None})],
    ("snapshot", "reset its state"): [("POST", f"snapshots/{ID}/action", {"os-reset_status": RESET})],
    ("snapshot", "delete it by force"): [("POST", f"snapshots/{ID}/action", {"os-force_delete": None})],
    ("backup", "reset its state"): [("POST", f"backups/{ID}/action", {"os-reset_status": RESET})],
    ("backup", "delete it by force"): [("POST", f"backups/{ID}/action", {"os-force_delete": None})],
    ("volume_group", "reset its state"): [("POST", f"groups/{ID}/action", {"reset_status": RESET})],
    ("share", "reset its state"): [("POST", f"shares/{ID}/action", {"reset_status": RESET})],
    ("share", "delete it by force"): [("POST", f"shares/{ID}/action", {"force_delete": None})],
    ("share_snapshot", "reset its state"): [("POST", f"snapshots/{ID}/action", {"reset_status": RESET})],
    ("share_snapshot", "delete it by force"): [("POST", f"snapshots/{ID}/action", {"force_delete": None})],
    ("image", "unprotect it"): [
        ("PATCH", f"images/{ID}", [{"op": "replace", "path": "/protected", "value": False}]),
    ],
    ("metadef_namespace", "unprotect it"): [
        ("PUT", f"metadefs/namespaces/{ID}", {"namespace": ID, "display_name": "shown", "protected": False}),
    ],
    ("port", "clear the routes of its router"): [("PUT", "routers/r-1", {"router": {"routes": []}})],
    ("port", "take it off its device"): [("PUT", f"ports/{ID}", {"port": {"device_id": "", "device_owner": ""}})],
    ("router", "clear its routes and its gateway"): [
        ("PUT", f"routers/{ID}", {"router": {"routes": [], "external_gateway_info": {}}}),
    ],
    ("zone", "abandon it"): [("POST", f"zones/{ID}/tasks/abandon", {})],
    ("stack", "delete it again"): [("DELETE", f"stacks/left/{ID}", {})],
    ("stack", "abandon what it is made of"): [("DELETE", f"stacks/left/{ID}/abandon", {})],
    ("loadbalancer", "fail it over"): [("PUT", f"lbaas/loadbalancers/{ID}/failover", {})],
    ("loadbalancer", "reset its status"): [
        ("PUT", f"lbaas/loadbalancers/{ID}/status", {"loadbalancer": {"provisioning_status": "ERROR"}}),
    ],
    ("node", "take its instance off"): [("PUT", f"nodes/{ID}/states/provision", {"target": "deleted"})],
    ("node", "put it in maintenance"): [("PUT", f"nodes/{ID}/maintenance", {"reason": "it is to be deleted"})],
}  # fmt: skip
#: Those of which a step says something more than their id.
RESOURCES = {
    ("metadef_namespace", "unprotect it"): Resource(
        "metadef_namespace", ID, attributes={"display_name": "shown", "protected": True}
    ),
    ("port", "clear the routes of its router"): Resource(
        "port", ID, refs=(Reference(Relation.USES, "router", "r-1"),)
    ),
}  # fmt: skip


def test_no_step_is_missing_here() -> None:
    assert STEPS.keys() == {(kind.name, step.name) for kind in kinds().values() for step in kind.ladder}


@pytest.mark.parametrize("which", STEPS, ids=" ".join)
def test_step_asks_for_what_it_says(which: tuple[str, str], cloud: Openstack) -> None:
    kind = kinds()[which[0]]
    (step,) = (step for step in kind.ladder if step.name == which[1])
    cloud.services = {**CORE, kind.service: "v1"}
    for attachment in ("a-1", "a-2"):
        cloud.put("block-storage", "attachments", id=attachment, volume_id=ID)
    answered = {(method, path) for method, path, _ in STEPS[which] if method != "GET"}
    cloud.fail = lambda method, _, path: 202 if (method, path) in answered else 0

    with serve(cloud) as url:
        step.act(view_of(url), RESOURCES.get(which, Resource(kind.name, ID, "left", "admin-project")))

    asked = zip(cloud.asked, cloud.said, strict=True)
    assert [
        (method, path, said) for (method, service, path), said in asked if service == kind.service and path
    ] == STEPS[which]  # fmt: skip
