"""What services have that few clouds run; known from recorded APIs."""

from __future__ import annotations

from typing import Any

from pytest_cleanup.kind import Kind
from pytest_cleanup.kinds.collection import Collection, Edge
from pytest_cleanup.resource import Relation

_USES = Relation.USES


def _other(name: str, service: str, path: str, *edges: Edge, **more: Any) -> Collection:
    key = path.rpartition("/")[2].replace("-", "_")
    return Collection(**{"key": key, **more}, name=name, service=service, path=path, references=edges)


_MAGNUM = "container-infrastructure-management"
_MISTRAL = "workflow"
_MASAKARI = "instance-ha"

KINDS: tuple[Kind, ...] = (
    _other(
        "cluster",
        _MAGNUM,
        "/clusters",
        Edge(_USES, "cluster_template", "cluster_template_id"),
        id="uuid",
        lingers=True,
        patience=300,
        stuck=frozenset({"DELETE_FAILED"}),
    ),
    _other("cluster_template", _MAGNUM, "/clustertemplates", id="uuid"),
    _other("workbook", _MISTRAL, "/workbooks", id="name", query={"all_projects": "true"}),
    _other("workflow", _MISTRAL, "/workflows", query={"all_projects": "true"}),
    _other("execution", _MISTRAL, "/executions", label="workflow_name", query={"all_projects": "true"}),
    _other("cron_trigger", _MISTRAL, "/cron_triggers", query={"all_projects": "true"}),
    _other("failover_segment", _MASAKARI, "/segments", id="uuid"),
    _other("lease", "reservation", "/leases", lingers=True),
    _other("database_instance", "database", "/mgmt/instances", key="instances", project="tenant_id", lingers=True),
)
