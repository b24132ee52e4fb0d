"""What Manila has; known from recorded APIs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_cleanup.kind import Kind, Step
from pytest_cleanup.kinds.collection import Collection, Edge
from pytest_cleanup.resource import Relation

if TYPE_CHECKING:
    from pytest_cleanup.resource import Resource
    from pytest_cleanup.view import View

_MANILA = "shared-file-system"
_VERSION = "2.51"
_USES = Relation.USES
_STUCK = frozenset({"error", "error_deleting"})


def _act(view: View, path: str, resource: Resource, action: str, value: Any = None) -> None:
    view.post(_MANILA, f"{path}/{resource.id}/action", {action: value}, _VERSION)


def _ladder(path: str) -> tuple[Step, ...]:
    return (
        Step("reset its state", lambda view, it: _act(view, path, it, "reset_status", {"status": "error"})),
        Step("delete it by force", lambda view, it: _act(view, path, it, "force_delete")),
    )


def _manila(name: str, path: str, fields: str, *edges: Edge, **more: Any) -> Collection:
    words = {"key": path[1:].replace("-", "_"), "listed": f"{path}/detail", "query": {"all_tenants": 1}}
    return Collection(
        **{**words, **more}, name=name, service=_MANILA, version=_VERSION, path=path, restored=tuple(fields.split()),
        references=edges,
    )  # fmt: skip


KINDS: tuple[Kind, ...] = (
    _manila(
        "share", "/shares", "display_name display_description", Edge(_USES, "share_network", "share_network_id"),
        Edge(_USES, "share_type", "share_type"), Edge(_USES, "share_snapshot", "snapshot_id"), body="share",
        lingers=True, stuck=_STUCK, patience=180, ladder=_ladder("/shares"),
    ),
    _manila(
        "share_snapshot", "/snapshots", "display_name display_description", Edge(_USES, "share", "share_id"),
        body="snapshot", lingers=True, stuck=_STUCK, ladder=_ladder("/snapshots"),
    ),
    _manila(
        "share_network", "/share-networks", "name description", Edge(_USES, "network", "neutron_net_id"),
        Edge(_USES, "subnet", "neutron_subnet_id"), body="share_network",
    ),
    _manila("security_service", "/security-services", "name description", body="security_service"),
    _manila(
        "share_type", "/types", "name description", key="share_types", listed="", query={"is_public": "all"},
        body="share_type",
    ),
    _manila(
        "share_group", "/share-groups", "name description", Edge(_USES, "share_network", "share_network_id"),
        body="share_group", lingers=True, stuck=_STUCK,
    ),
)  # fmt: skip
