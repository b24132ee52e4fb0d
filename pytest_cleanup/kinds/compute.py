"""What Nova has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pytest_cleanup.kind import Kind, Step
from pytest_cleanup.kinds.collection import Collection, Row
from pytest_cleanup.kinds.owners import of_users
from pytest_cleanup.kinds.quota import quota
from pytest_cleanup.resource import Reference, Relation, Resource

if TYPE_CHECKING:
    from pytest_cleanup.view import View

_COMPUTE = "compute"
#: With this one, servers of a cell that is down are listed, too, and a server tells its lock, tags and server groups.
_VERSION = "2.79"
_POWER = {"ACTIVE": "on", "SHUTOFF": "off"}
_MOST = 1000  # server groups in one page


def _server(row: Row) -> Iterator[Reference]:
    for volume in row.get("os-extended-volumes:volumes_attached", ()):
        relation = Relation.TAKES if volume.get("delete_on_termination") else Relation.USES
        yield Reference(relation, "volume", volume["id"])
    yield from (Reference(Relation.USES, "server_group", id) for id in row.get("server_groups") or ())


def _server_attributes(row: Row) -> Mapping[str, Any]:
    told = {"tags": sorted(row["tags"])} if "tags" in row else {}
    return told | ({"power": _POWER[row["status"]]} if row.get("status") in _POWER else {})


def _act(view: View, server: Resource, action: str, value: Any = None) -> None:
    view.post(_COMPUTE, f"/servers/{server.id}/action", {action: value}, _VERSION)


def _restore_server(view: View, server: Resource, changed: Mapping[str, Any]) -> None:
    plain = {name: changed[name] for name in ("name", "description") if name in changed}
    if plain:
        view.put(_COMPUTE, f"/servers/{server.id}", {"server": plain}, _VERSION)
    for name in ("metadata", "tags"):
        if name in changed:
            view.put(_COMPUTE, f"/servers/{server.id}/{name}", {name: changed[name]}, _VERSION)
    if "locked" in changed:
        _act(view, server, "lock" if changed["locked"] else "unlock")
    if "power" in changed:
        _act(view, server, "os-start" if changed["power"] == "on" else "os-stop")


def _spare_volume(view: View, server: Resource, volume: Reference) -> None:
    asked = {"volumeAttachment": {"volumeId": volume.id, "delete_on_termination": False}}
    view.put(_COMPUTE, f"/servers/{server.id}/os-volume_attachments/{volume.id}", asked, "2.85")


_SERVER = Collection(
    name="server", service=_COMPUTE, path="/servers", key="servers", version=_VERSION, listed="/servers/detail",
    query={"all_tenants": 1}, project="tenant_id", created="created", lingers=True,
    restored=("name", "description", "metadata", "locked"), attributes=_server_attributes, edges=_server,
    restoration=_restore_server, sparing=_spare_volume, patience=90,
    ladder=(
        Step("unlock it", lambda view, it: _act(view, it, "unlock"), lambda it: it.attributes.get("locked", False)),
        Step("reset its state", lambda view, server: _act(view, server, "os-resetState", {"state": "error"})),
        Step("delete it by force", lambda view, server: _act(view, server, "forceDelete")),
    ),
)  # fmt: skip


def _server_groups(view: View) -> list[Row]:
    """Nova pages them, and tells no next page."""
    found: list[Row] = []
    while True:
        query: dict[str, Any] = {"all_projects": "true", "limit": _MOST, "offset": len(found)}
        page = view.get(_COMPUTE, "/os-server-groups", _VERSION, **query)["server_groups"]
        found += page
        if len(page) < _MOST:
            return found


def _keypairs(view: View) -> list[Row]:
    """Nova lists those of one user at a time."""

    def of(user: str) -> list[Row]:
        rows = view.rows(_COMPUTE, "/os-keypairs", "keypairs", _VERSION, user_id=user)
        return [{**row["keypair"], "id": f"{user}/{row['keypair']['name']}", "user_id": user} for row in rows]

    return of_users(view, of)


def _delete_keypair(view: View, keypair: Resource) -> None:
    user, _, name = keypair.id.partition("/")
    view.delete(_COMPUTE, f"/os-keypairs/{name}", _VERSION, user_id=user)


def _remake_keypair(view: View, keypair: Resource) -> None:
    user, _, name = keypair.id.partition("/")
    view.post(_COMPUTE, "/os-keypairs", {"keypair": {"name": name, "user_id": user, **keypair.attributes}}, _VERSION)


def _flavors(view: View) -> list[Row]:
    def with_access(row: Row) -> Row:
        if row["os-flavor-access:is_public"]:
            return row
        allowed = view.get(_COMPUTE, f"/flavors/{row['id']}/os-flavor-access")["flavor_access"]
        return {**row, "access": sorted(one["tenant_id"] for one in allowed)}

    return view.each(view.rows(_COMPUTE, "/flavors/detail", "flavors", _VERSION, is_public="None"), with_access)


def _restore_flavor(view: View, flavor: Resource, changed: Mapping[str, Any]) -> None:
    path = f"/flavors/{flavor.id}"
    if "description" in changed:
        view.put(_COMPUTE, path, {"flavor": {"description": changed["description"]}}, _VERSION)
    if "extra_specs" in changed:
        for name in flavor.attributes["extra_specs"].keys() - changed["extra_specs"].keys():
            view.delete(_COMPUTE, f"{path}/os-extra_specs/{name}", _VERSION)
        if changed["extra_specs"]:
            view.post(_COMPUTE, f"{path}/os-extra_specs", {"extra_specs": changed["extra_specs"]}, _VERSION)
    if "access" in changed:
        was, now = set(changed["access"]), set(flavor.attributes["access"])
        asked = [("addTenantAccess", one) for one in was - now] + [("removeTenantAccess", one) for one in now - was]
        for action, project in asked:
            view.post(_COMPUTE, f"{path}/action", {action: {"tenant": project}}, _VERSION)


def _aggregate_act(view: View, aggregate: Resource, action: str, **words: Any) -> None:
    view.post(_COMPUTE, f"/os-aggregates/{aggregate.id}/action", {action: words})


def _delete_aggregate(view: View, aggregate: Resource) -> None:
    for host in aggregate.attributes.get("hosts", ()):
        _aggregate_act(view, aggregate, "remove_host", host=host)
    view.delete(_COMPUTE, f"/os-aggregates/{aggregate.id}")


def _restore_aggregate(view: View, aggregate: Resource, changed: Mapping[str, Any]) -> None:
    plain = {name: changed[name] for name in ("name", "availability_zone") if changed.get(name)}
    if plain:
        view.put(_COMPUTE, f"/os-aggregates/{aggregate.id}", {"aggregate": plain})
    if "metadata" in changed:
        forgotten: Iterable[str] = aggregate.attributes["metadata"].keys() - changed["metadata"].keys()
        metadata = {**dict.fromkeys(forgotten), **changed["metadata"]}
        _aggregate_act(view, aggregate, "set_metadata", metadata=metadata)
    if "hosts" in changed:
        was, now = set(changed["hosts"]), set(aggregate.attributes["hosts"])
        for host in now - was:
            _aggregate_act(view, aggregate, "remove_host", host=host)
        for host in was - now:
            _aggregate_act(view, aggregate, "add_host", host=host)


def _restore_service(view: View, service: Resource, changed: Mapping[str, Any]) -> None:
    asked = {name: changed[name] for name in ("status", "forced_down") if name in changed}
    reason = changed.get("disabled_reason") or service.attributes.get("disabled_reason")
    if asked.get("status") == "disabled" and reason:
        asked["disabled_reason"] = reason
    if asked:
        view.put(_COMPUTE, f"/os-services/{service.id}", asked, _VERSION)


KINDS: tuple[Kind, ...] = (
    _SERVER,
    Collection(
        name="server_group", service=_COMPUTE, path="/os-server-groups", version=_VERSION, rows=_server_groups,
    ),
    Collection(
        name="keypair", service=_COMPUTE, path="/os-keypairs", rows=_keypairs, restored=("type", "public_key"),
        deletion=_delete_keypair, remaking=_remake_keypair,
    ),
    Collection(
        name="flavor", service=_COMPUTE, path="/flavors", rows=_flavors, created="",
        restored=("description", "extra_specs", "access"), restoration=_restore_flavor,
    ),
    Collection(
        name="aggregate", service=_COMPUTE, path="/os-aggregates", key="aggregates",
        restored=("name", "availability_zone", "metadata", "hosts"), deletion=_delete_aggregate,
        restoration=_restore_aggregate,
    ),
    Collection(
        name="compute_service", service=_COMPUTE, path="/os-services", key="services", version=_VERSION, label="host",
        leaks=False, status="state", restored=("status", "disabled_reason", "forced_down"),
        restoration=_restore_service,
    ),
    quota("compute_quota", _COMPUTE, "/os-quota-sets"),
)  # fmt: skip
