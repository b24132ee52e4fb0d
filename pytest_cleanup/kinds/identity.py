"""What Keystone has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pytest_cleanup.kind import Kind
from pytest_cleanup.kinds.collection import Collection, Edge, Row, dig
from pytest_cleanup.kinds.owners import of_users
from pytest_cleanup.marker import is_marker
from pytest_cleanup.resource import Reference, Relation, Resource

if TYPE_CHECKING:
    from pytest_cleanup.view import View

_IDENTITY = "identity"
_USES, _PART_OF = Relation.USES, Relation.PART_OF


def _keystone(name: str, path: str = "", *, fields: str = "", uses: Mapping[str, str] | None = None,
              part_of: Mapping[str, str] | None = None, **more: Any) -> Collection:  # fmt: skip
    """A kind of Keystone's, which tells no times; ``fields`` are its attributes."""
    path = path or f"/{name}s"
    edges = [Edge(_USES, kind, field) for kind, field in (uses or {}).items()]
    edges += [Edge(_PART_OF, kind, field) for kind, field in (part_of or {}).items()]
    words = {"key": path.rpartition("/")[2], "body": name if fields else "", "verb": "PATCH", "user": "", "project": ""}
    return Collection(
        **{**words, **more}, name=name, service=_IDENTITY, path=path, references=tuple(edges), created="", status="",
        restored=tuple(fields.split()),
    )  # fmt: skip


def _delete_domain(view: View, domain: Resource) -> None:
    """Keystone deletes none that is enabled."""
    view.patch(_IDENTITY, f"/domains/{domain.id}", {"domain": {"enabled": False}})
    view.delete(_IDENTITY, f"/domains/{domain.id}")


#: To whom a role can be assigned.
_ACTORS = ("user", "group")


def _assignments(view: View) -> list[Row]:
    rows = view.rows(_IDENTITY, "/role_assignments", "role_assignments")
    held = view.grants.held
    return [{**row, "id": path} for row in rows if (path := _assignment_path(row)) not in held]


def _assignment_path(row: Row) -> str:
    """The address at which it can be made and deleted, which is what it says."""
    actor = next(name for name in _ACTORS if name in row)
    scope = row["scope"]
    inherited = "OS-INHERIT:inherited_to" in scope
    ends = (f"/{one}s/{scope[one]['id']}" for one in ("project", "domain") if one in scope)
    target = "/system" if "system" in scope else "".join(ends)
    path = f"{target}/{actor}s/{row[actor]['id']}/roles/{row['role']['id']}"
    return f"/OS-INHERIT{path}/inherited_to_projects" if inherited else path


def _assignment(row: Row) -> Iterator[Reference]:
    for kind in ("user", "group", "role"):
        yield from (Reference(_PART_OF, kind, id) for id in dig(row, f"{kind}.id"))
    for kind in ("project", "domain"):
        yield from (Reference(_PART_OF, kind, id) for id in dig(row, f"scope.{kind}.id"))


def _memberships(view: View) -> list[Row]:
    """Keystone lists those of one group at a time."""
    groups = [group["id"] for group in view.rows(_IDENTITY, "/groups", "groups")]

    def of(group: str) -> list[Row]:
        users = view.rows(_IDENTITY, f"/groups/{group}/users", "users")
        return [{"id": f"/groups/{group}/users/{user['id']}", "group": group, "member": user["id"]} for user in users]

    return [row for rows in view.each(groups, of) for row in rows]


def _at_its_address(view: View, one: Resource) -> None:
    view.delete(_IDENTITY, one.id)


def _put_again(view: View, one: Resource) -> None:
    view.put(_IDENTITY, one.id)


def _application_credentials(view: View) -> list[Row]:
    """Keystone lists those of one user at a time."""

    def of(user: str) -> list[Row]:
        rows = view.rows(_IDENTITY, f"/users/{user}/application_credentials", "application_credentials")
        return [{**row, "user_id": user} for row in rows]

    return of_users(view, of)


def _delete_application_credential(view: View, one: Resource) -> None:
    view.delete(_IDENTITY, f"/users/{one.user}/application_credentials/{one.id}")


def _limits(view: View) -> list[Row]:
    """All projects' are shown to the system only; there are none where nothing is registered that can be limited."""
    if not view.rows(_IDENTITY, "/registered_limits", "registered_limits"):
        return []
    return view.once((_IDENTITY, "limits"), lambda: view.grants.system().fresh().rows(_IDENTITY, "/limits", "limits"))


def _delete_limit(view: View, limit: Resource) -> None:
    view.grants.system().delete(_IDENTITY, f"/limits/{limit.id}")


def _restore_limit(view: View, limit: Resource, changed: Mapping[str, Any]) -> None:
    view.grants.system().patch(_IDENTITY, f"/limits/{limit.id}", {"limit": dict(changed)})


def _regions(view: View) -> list[Row]:
    """All but those that only tell others that we are at work."""
    return [row for row in view.rows(_IDENTITY, "/regions", "regions") if not is_marker(row["id"])]


def _implied(view: View) -> list[Row]:
    rows = view.rows(_IDENTITY, "/role_inferences", "role_inferences")
    pairs = ((row["prior_role"]["id"], one["id"]) for row in rows for one in row["implies"])
    return [{"id": f"/roles/{prior}/implies/{implied}", "prior": prior, "implied": implied} for prior, implied in pairs]


KINDS: tuple[Kind, ...] = (
    _keystone("domain", fields="name description enabled", deletion=_delete_domain),
    _keystone(
        "project",
        fields="name description enabled tags",
        uses={"domain": "domain_id", "project": "parent_id"},
    ),
    _keystone(
        "user",
        fields="name description enabled email default_project_id",
        uses={"domain": "domain_id", "project": "default_project_id"},
    ),
    _keystone("group", fields="name description", uses={"domain": "domain_id"}),
    _keystone(
        "membership",
        "/groups",
        rows=_memberships,
        label="",
        part_of={"group": "group", "user": "member"},
        deletion=_at_its_address,
        remaking=_put_again,
    ),
    _keystone("role", fields="name description", uses={"domain": "domain_id"}),
    _keystone(
        "role_assignment",
        "/role_assignments",
        rows=_assignments,
        edges=_assignment,
        label="",
        deletion=_at_its_address,
        remaking=_put_again,
    ),
    _keystone(
        "implied_role",
        "/role_inferences",
        rows=_implied,
        label="",
        part_of={"role": "prior"},
        deletion=_at_its_address,
        remaking=_put_again,
    ),
    _keystone(
        "application_credential",
        rows=_application_credentials,
        deletion=_delete_application_credential,
        user="user_id",
        part_of={"user": "user_id"},
        uses={"project": "project_id"},
        project="project_id",
    ),
    _keystone(
        "trust",
        "/OS-TRUST/trusts",
        label="",
        project="project_id",
        user="trustor_user_id",
        part_of={"user": "trustor_user_id"},
    ),
    _keystone("credential", label="type", part_of={"user": "user_id"}, user="user_id", project="project_id"),
    _keystone(
        "region", fields="description parent_region_id", label="", uses={"region": "parent_region_id"}, rows=_regions
    ),
    _keystone("service", fields="name type enabled description"),
    _keystone(
        "endpoint",
        fields="url interface enabled region_id service_id",
        label="url",
        part_of={"service": "service_id"},
        uses={"region": "region_id"},
    ),
    _keystone(
        "registered_limit",
        fields="default_limit description",
        label="resource_name",
        uses={"service": "service_id"},
    ),
    _keystone(
        "limit",
        fields="resource_limit description",
        label="resource_name",
        project="project_id",
        uses={"service": "service_id", "project": "project_id", "domain": "domain_id"},
        rows=_limits,
        deletion=_delete_limit,
        restoration=_restore_limit,
    ),
    _keystone("policy", "/policies", fields="type", label="type"),
    _keystone("identity_provider", "/OS-FEDERATION/identity_providers", fields="description enabled", label="id"),
    _keystone("mapping", "/OS-FEDERATION/mappings", fields="rules", label="id"),
    _keystone("service_provider", "/OS-FEDERATION/service_providers", fields="description enabled sp_url", label="id"),
    _keystone("consumer", "/OS-OAUTH1/consumers", fields="description", label="description"),
)
