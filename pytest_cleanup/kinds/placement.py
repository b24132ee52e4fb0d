"""What Placement has that users made, or that nobody has any more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pytest_cleanup.kind import Kind
from pytest_cleanup.kinds.collection import Collection, Edge, Row
from pytest_cleanup.resource import Relation, Resource

if TYPE_CHECKING:
    from pytest_cleanup.view import View

_PLACEMENT = "placement"
_VERSION = "1.28"
_CUSTOM = "CUSTOM_"
#: Migrations that are over have no claim on anything.
_OVER = ("completed", "confirmed", "reverted", "error", "failed", "cancelled", "done")


def _traits(view: View) -> list[Row]:
    told = view.get(_PLACEMENT, "/traits", _VERSION, name=f"startswith:{_CUSTOM}")
    return [{"id": name} for name in told["traits"]]


def _classes(view: View) -> list[Row]:
    told = view.get(_PLACEMENT, "/resource_classes", _VERSION)
    return [{"id": row["name"]} for row in told["resource_classes"] if row["name"].startswith(_CUSTOM)]


def _providers(view: View) -> list[Row]:
    rows = view.rows(_PLACEMENT, "/resource_providers", "resource_providers", _VERSION)

    def whole(row: Row) -> Row:
        traits = view.get(_PLACEMENT, f"/resource_providers/{row['uuid']}/traits", _VERSION)["traits"]
        return {**row, "traits": sorted(name for name in traits if name.startswith(_CUSTOM))}

    return view.each(rows, whole)


def _restore_provider(view: View, provider: Resource, changed: Mapping[str, Any]) -> None:
    """Nova's own traits are Nova's matter."""
    path = f"/resource_providers/{provider.id}/traits"
    now = view.get(_PLACEMENT, path, _VERSION)
    kept = [name for name in now["traits"] if not name.startswith(_CUSTOM)]
    asked = {"resource_provider_generation": now["resource_provider_generation"], "traits": kept + changed["traits"]}
    view.put(_PLACEMENT, path, asked, _VERSION)


def _allocations(view: View) -> list[Row]:
    """Those of consumers that are neither a server nor a migration that is under way."""
    rows = view.rows(_PLACEMENT, "/resource_providers", "resource_providers", _VERSION)

    def of(provider: Row) -> set[str]:
        return set(view.get(_PLACEMENT, f"/resource_providers/{provider['uuid']}/allocations", _VERSION)["allocations"])

    consumers = set[str]().union(*view.each(rows, of))
    if not consumers or not view.has("compute"):
        return []
    # Looked at after them, so that a server that is being made is seen.
    alive = {row["id"] for row in view.fresh().rows("compute", "/servers", "servers", "2.69", all_tenants=1)}
    moving = view.fresh().rows("compute", "/os-migrations", "migrations", "2.59")
    alive |= {row["uuid"] for row in moving if row["status"] not in _OVER}
    return [{"id": consumer} for consumer in sorted(consumers - alive)]


KINDS: tuple[Kind, ...] = (
    Collection(name="trait", service=_PLACEMENT, path="/traits", version=_VERSION, rows=_traits, label=""),
    Collection(
        name="resource_class", service=_PLACEMENT, path="/resource_classes", version=_VERSION, rows=_classes, label="",
    ),
    Collection(
        name="resource_provider", service=_PLACEMENT, path="/resource_providers", version=_VERSION, rows=_providers,
        id="uuid", leaks=False, restored=("traits",), restoration=_restore_provider,
        references=(Edge(Relation.USES, "trait", "traits"),),
    ),
    Collection(
        name="allocation", service=_PLACEMENT, path="/allocations", version=_VERSION, rows=_allocations, label="",
        references=(Edge(Relation.PART_OF, "server", "id"),),
    ),
)  # fmt: skip
