"""What Glance has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pytest_cleanup.kind import Kind, Step
from pytest_cleanup.kinds.collection import Collection, Edge, Row
from pytest_cleanup.resource import Relation, Resource

if TYPE_CHECKING:
    from pytest_cleanup.view import View

_IMAGE = "image"
_PATCH = "application/openstack-images-v2.1-json-patch"
#: What users set of every image.
_COMMON = ("name", "visibility", "protected", "os_hidden", "min_disk", "min_ram", "tags")
#: What Glance says of an image by itself; all else are properties that users gave it.
_OWN = frozenset(
    {
        "checksum", "container_format", "created_at", "direct_url", "disk_format", "file", "id", "locations",
        "os_hash_algo", "os_hash_value", "owner", "schema", "self", "size", "status", "stores", "updated_at",
        "virtual_size",
    }
)  # fmt: skip
_PASSING = ("os_glance_",)  # what Glance notes of a task


def _images(view: View) -> list[Row]:
    """Those that are hidden come in a listing of their own."""
    rows: list[Row] = []
    for hidden in ("false", "true"):
        rows += view.rows(_IMAGE, "/images", "images", visibility="all", os_hidden=hidden, limit=500)
    return rows


def _attributes(row: Row) -> Mapping[str, Any]:
    told = {name: row[name] for name in _COMMON if name in row}
    others = (name for name in row if name not in _OWN and name not in _COMMON and not name.startswith(_PASSING))
    return {**told, "tags": sorted(told.get("tags", ())), "properties": {name: row[name] for name in others}}


def _restore(view: View, image: Resource, changed: Mapping[str, Any]) -> None:
    steps = [_step("replace", name, value) for name, value in changed.items() if name != "properties"]
    if "properties" in changed:
        was, now = changed["properties"], image.attributes["properties"]
        steps += [{"op": "remove", "path": f"/{name}"} for name in now if name not in was]
        steps += [
            _step("replace" if name in now else "add", name, was[name]) for name in was if was[name] != now.get(name)
        ]
    _patch(view, image, steps)


def _step(verb: str, name: str, value: Any) -> dict[str, Any]:
    return {"op": verb, "path": f"/{name}", "value": value}


def _patch(view: View, image: Resource, steps: list[dict[str, Any]]) -> None:
    view.patch(_IMAGE, f"/images/{image.id}", steps, **{"Content-Type": _PATCH})


def _unprotect(view: View, image: Resource) -> None:
    _patch(view, image, [_step("replace", "protected", False)])


def _members(view: View) -> list[Row]:
    """Only images that are shared can have any."""
    shared = [row for row in _images(view) if row["visibility"] == "shared"]

    def of(image: Row) -> list[Row]:
        rows = view.rows(_IMAGE, f"/images/{image['id']}/members", "members")
        return [{**row, "id": f"{image['id']}/{row['member_id']}", "project_id": image.get("owner")} for row in rows]

    return [row for rows in view.each(shared, of) for row in rows]


def _delete_member(view: View, member: Resource) -> None:
    image, project = member.id.split("/")
    view.delete(_IMAGE, f"/images/{image}/members/{project}")


def _restore_member(view: View, member: Resource, changed: Mapping[str, Any]) -> None:
    image, project = member.id.split("/")
    view.put(_IMAGE, f"/images/{image}/members/{project}", dict(changed))


def _remake_member(view: View, member: Resource) -> None:
    image, project = member.id.split("/")
    view.post(_IMAGE, f"/images/{image}/members", {"member": project})
    _restore_member(view, member, member.attributes)


def _restore_namespace(view: View, now: Resource, changed: Mapping[str, Any]) -> None:
    view.put(_IMAGE, f"/metadefs/namespaces/{now.id}", {"namespace": now.id, **now.attributes, **changed})


def _unprotect_namespace(view: View, now: Resource) -> None:
    _restore_namespace(view, now, {"protected": False})


KINDS: tuple[Kind, ...] = (
    Collection(
        name="image", service=_IMAGE, path="/images", rows=_images, project="owner", attributes=_attributes,
        restoration=_restore,
        ladder=(Step("unprotect it", _unprotect, lambda it: it.attributes.get("protected", False)),),
    ),
    Collection(
        name="image_member", service=_IMAGE, path="/members", rows=_members, label="member_id", restored=("status",),
        references=(Edge(Relation.PART_OF, "image", "image_id"),), deletion=_delete_member,
        restoration=_restore_member, remaking=_remake_member,
    ),
    Collection(
        name="metadef_namespace", service=_IMAGE, path="/metadefs/namespaces", key="namespaces", id="namespace",
        label="display_name", project="owner", restored=("display_name", "description", "visibility", "protected"),
        restoration=_restore_namespace,
        ladder=(Step("unprotect it", _unprotect_namespace, lambda it: it.attributes.get("protected", False)),),
    ),
)  # fmt: skip
