"""What Heat has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pytest_cleanup.kind import Kind, Step
from pytest_cleanup.kinds.collection import Collection, Row
from pytest_cleanup.kinds.owners import of_projects
from pytest_cleanup.resource import Reference, Relation, Resource

if TYPE_CHECKING:
    from pytest_cleanup.view import View

_HEAT = "orchestration"
#: What the kinds of Heat's resources are elsewhere.
_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "OS::Cinder::Volume": "volume",
        "OS::Glance::WebImage": "image",
        "OS::Keystone::Project": "project",
        "OS::Keystone::User": "user",
        "OS::Neutron::FloatingIP": "floatingip",
        "OS::Neutron::Net": "network",
        "OS::Neutron::Port": "port",
        "OS::Neutron::Router": "router",
        "OS::Neutron::SecurityGroup": "security_group",
        "OS::Neutron::Subnet": "subnet",
        "OS::Nova::Flavor": "flavor",
        "OS::Nova::Server": "server",
        "OS::Nova::ServerGroup": "server_group",
    }
)


def _stacks(view: View) -> list[Row]:
    """Each with what it is made of, so that it is known what goes along; Heat shows them to users of their project."""

    def of(project: str) -> list[Row]:
        own = view.grants.within(project).fresh()
        return [{**row, "project": project, "parts": _made(own, row)} for row in own.rows(_HEAT, "/stacks", "stacks")]

    return of_projects(view, of)


def _made(own: View, row: Row) -> list[Any]:
    path = f"/stacks/{row['stack_name']}/{row['id']}/resources"
    made: list[Any] = own.get(_HEAT, path, nested_depth=5)["resources"]
    return made


def _parts(row: Row) -> Iterator[Reference]:
    for part in row["parts"]:
        if (kind := _KINDS.get(part["resource_type"])) and part.get("physical_resource_id"):
            yield Reference(Relation.TAKES, kind, part["physical_resource_id"])


def _delete(view: View, stack: Resource, end: str = "") -> None:
    own = view.grants.within(stack.project or view.project)
    own.delete(_HEAT, f"/stacks/{stack.name}/{stack.id}{end}")


KINDS: tuple[Kind, ...] = (
    Collection(
        name="stack", service=_HEAT, path="/stacks", rows=_stacks, label="stack_name", project="project",
        created="creation_time", status="stack_status", lingers=True, patience=180, stuck=frozenset({"DELETE_FAILED"}),
        edges=_parts, deletion=_delete,
        ladder=(
            Step("delete it again", _delete),
            Step("abandon what it is made of", lambda view, stack: _delete(view, stack, "/abandon")),
        ),
    ),
)  # fmt: skip
