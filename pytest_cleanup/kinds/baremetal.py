"""What Ironic has; known from recorded APIs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pytest_cleanup.kind import Kind, Step
from pytest_cleanup.kinds.collection import Collection, Edge
from pytest_cleanup.resource import Relation, Resource

if TYPE_CHECKING:
    from pytest_cleanup.view import View

_IRONIC = "baremetal"
_VERSION = "1.65"
_PART_OF = Relation.PART_OF


def _ironic(name: str, path: str, fields: str, *edges: Edge, **more: Any) -> Collection:
    words = {"id": "uuid", "key": path[1:], "listed": f"{path}/detail", "label": "name", "project": "owner"}
    return Collection(
        **{**words, **more}, name=name, service=_IRONIC, version=_VERSION, path=path, restored=tuple(fields.split()),
        references=edges, restoration=_restoring(path),
    )  # fmt: skip


def _restoring(path: str) -> Any:
    def restore(view: View, now: Resource, changed: Mapping[str, Any]) -> None:
        steps = [{"op": "replace", "path": f"/{name}", "value": value} for name, value in changed.items()]
        view.patch(_IRONIC, f"{path}/{now.id}", steps, _VERSION)

    return restore


def _maintain(view: View, node: Resource) -> None:
    """Ironic asks nothing of the machine of a node that is in maintenance."""
    view.put(_IRONIC, f"/nodes/{node.id}/maintenance", {"reason": "it is to be deleted"}, _VERSION)


def _undeploy(view: View, node: Resource) -> None:
    view.put(_IRONIC, f"/nodes/{node.id}/states/provision", {"target": "deleted"}, _VERSION)


KINDS: tuple[Kind, ...] = (
    _ironic(
        "node", "/nodes", "name description maintenance resource_class", status="provision_state",
        ladder=(
            Step("take its instance off", _undeploy, lambda it: it.status in ("active", "deploy failed")),
            Step("put it in maintenance", _maintain),
        ),
    ),
    _ironic("baremetal_port", "/ports", "extra", Edge(_PART_OF, "node", "node_uuid"), key="ports", label="address"),
    _ironic(
        "portgroup", "/portgroups", "name", Edge(_PART_OF, "node", "node_uuid"),
    ),
    _ironic("baremetal_allocation", "/allocations", "name", key="allocations", listed="/allocations", status="state"),
    _ironic("chassis", "/chassis", "description extra", key="chassis", label="description"),
    _ironic("deploy_template", "/deploy_templates", "name", listed="/deploy_templates"),
)  # fmt: skip
