"""What Cinder has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pytest_cleanup.errors import ApiError
from pytest_cleanup.kind import Kind, NotRestorable, Step
from pytest_cleanup.kinds.collection import Collection, Edge, Row, dig
from pytest_cleanup.kinds.quota import quota
from pytest_cleanup.resource import Reference, Relation, Resource

if TYPE_CHECKING:
    from pytest_cleanup.view import View

_STORAGE = "block-storage"
#: With this one, groups, transfers and backups tell whose they are.
_VERSION = "3.60"
_ALL: dict[str, Any] = {"all_tenants": 1}
_STUCK = frozenset({"error_deleting", "error"})
#: What Cinder adds to the metadata that users gave.
_OWN_METADATA = ("attached_mode", "readonly")


def _act(view: View, path: str, action: str, value: Any = None) -> None:
    view.post(_STORAGE, f"{path}/action", {action: value}, _VERSION)


def _volume_attributes(row: Row) -> Mapping[str, Any]:
    metadata = {name: value for name, value in row.get("metadata", {}).items() if name not in _OWN_METADATA}
    return {"metadata": metadata}


def _restore_volume(view: View, volume: Resource, changed: Mapping[str, Any]) -> None:
    path = f"/volumes/{volume.id}"
    plain = {name: changed[name] for name in ("name", "description") if name in changed}
    if plain:
        view.put(_STORAGE, path, {"volume": plain}, _VERSION)
    if "metadata" in changed:
        view.put(_STORAGE, f"{path}/metadata", {"metadata": changed["metadata"]}, _VERSION)
    if "bootable" in changed:
        _act(view, path, "os-set_bootable", {"bootable": changed["bootable"] == "true"})
    if "volume_type" in changed:
        _act(view, path, "os-retype", {"new_type": changed["volume_type"], "migration_policy": "on-demand"})
    if "size" in changed:
        raise NotRestorable(f"{volume} cannot shrink to {changed['size']} GB", hint="copy it to a new one by hand")


def _end_attachments(view: View, volume: Resource) -> None:
    rows = view.fresh().rows(_STORAGE, "/attachments", "attachments", _VERSION, volume_id=volume.id, **_ALL)
    for row in rows:
        view.delete(_STORAGE, f"/attachments/{row['id']}", _VERSION)


def _reset_volume(view: View, volume: Resource) -> None:
    asked = {"status": "available", "attach_status": "detached", "migration_status": "none"}
    _act(view, f"/volumes/{volume.id}", "os-reset_status", asked)


def _resets(path: str) -> tuple[Step, ...]:
    """What is done about a snapshot or backup that does not go."""
    return (
        Step("reset its state", lambda view, it: _act(view, f"{path}/{it.id}", "os-reset_status", {"status": "error"})),
        Step("delete it by force", lambda view, it: _act(view, f"{path}/{it.id}", "os-force_delete")),
    )


def _named(path: str, body: str, *names: str) -> Any:
    """Set back what is changed by a PUT; metadata has an address of its own."""

    def restore(view: View, now: Resource, changed: Mapping[str, Any]) -> None:
        plain = {name: changed[name] for name in names if name in changed}
        if plain:
            view.put(_STORAGE, f"{path}/{now.id}", {body: plain}, _VERSION)
        if "metadata" in changed:
            view.put(_STORAGE, f"{path}/{now.id}/metadata", {"metadata": changed["metadata"]}, _VERSION)

    return restore


def _delete_group(view: View, group: Resource) -> None:
    """Take the volumes out of it, so that none goes with it, then delete it."""
    rows = view.fresh().rows(_STORAGE, "/volumes/detail", "volumes", _VERSION, group_id=group.id, **_ALL)
    if rows:
        asked = {"remove_volumes": ",".join(row["id"] for row in rows)}
        view.put(_STORAGE, f"/groups/{group.id}", {"group": asked}, _VERSION)
        raise ApiError(_STORAGE, f"PUT /groups/{group.id}", 409, "its volumes are being taken out of it")
    _act(view, f"/groups/{group.id}", "delete", {"delete-volumes": False})


def _reset_group(view: View, group: Resource) -> None:
    _act(view, f"/groups/{group.id}", "reset_status", {"status": "error"})


def _delete_attachment(view: View, attachment: Resource) -> None:
    """Have Nova detach the volume, if it has the server."""
    ends = {ref.kind: ref.id for ref in attachment.refs}
    try:
        view.ask(
            "DELETE", "compute", f"/servers/{ends['server']}/os-volume_attachments/{ends['volume']}", version="2.60"
        )
    except (ApiError, KeyError) as error:
        if isinstance(error, ApiError) and not error.absent:
            raise
        view.delete(_STORAGE, f"/attachments/{attachment.id}", _VERSION)


def _types(view: View) -> list[Row]:
    def whole(row: Row) -> Row:
        path = f"/types/{row['id']}"
        encryption = view.get(_STORAGE, f"{path}/encryption", _VERSION)
        told = {
            name: encryption[name]
            for name in ("provider", "cipher", "key_size", "control_location")
            if name in encryption
        }
        told = {"encryption": told}
        if not row.get("is_public", row.get("os-volume-type-access:is_public", True)):
            allowed = view.get(_STORAGE, f"{path}/os-volume-type-access", _VERSION)["volume_type_access"]
            told["access"] = sorted(one["project_id"] for one in allowed)
        return {**row, **told}

    return view.each(view.rows(_STORAGE, "/types", "volume_types", _VERSION, is_public="None"), whole)


def _restore_type(view: View, type: Resource, changed: Mapping[str, Any]) -> None:
    path = f"/types/{type.id}"
    plain = {name: changed[name] for name in ("name", "description", "is_public") if name in changed}
    if plain:
        view.put(_STORAGE, path, {"volume_type": plain}, _VERSION)
    if "extra_specs" in changed:
        for name in type.attributes["extra_specs"].keys() - changed["extra_specs"].keys():
            view.delete(_STORAGE, f"{path}/extra_specs/{name}", _VERSION)
        if changed["extra_specs"]:
            view.post(_STORAGE, f"{path}/extra_specs", {"extra_specs": changed["extra_specs"]}, _VERSION)
    if "access" in changed:
        was, now = set(changed["access"]), set(type.attributes.get("access", ()))
        asked = [("addProjectAccess", one) for one in was - now] + [("removeProjectAccess", one) for one in now - was]
        for action, project in asked:
            _act(view, path, action, {"project": project})
    if "encryption" in changed:
        if type.attributes["encryption"]:
            view.delete(_STORAGE, f"{path}/encryption/provider", _VERSION)
        if changed["encryption"]:
            view.post(_STORAGE, f"{path}/encryption", {"encryption": changed["encryption"]}, _VERSION)
    if "qos_specs_id" in changed:
        was, now = changed["qos_specs_id"], type.attributes["qos_specs_id"]
        if now:
            view.get(_STORAGE, f"/qos-specs/{now}/disassociate", _VERSION, vol_type_id=type.id)
        if was:
            view.get(_STORAGE, f"/qos-specs/{was}/associate", _VERSION, vol_type_id=type.id)


def _restore_qos(view: View, qos: Resource, changed: Mapping[str, Any]) -> None:
    path = f"/qos-specs/{qos.id}"
    asked = {**changed.get("specs", {}), **({"consumer": changed["consumer"]} if "consumer" in changed else {})}
    forgotten = sorted(qos.attributes["specs"].keys() - changed["specs"].keys()) if "specs" in changed else []
    if forgotten:
        view.put(_STORAGE, f"{path}/delete_keys", {"keys": forgotten}, _VERSION)
    if asked:
        view.put(_STORAGE, path, {"qos_specs": asked}, _VERSION)


def _services(view: View) -> list[Row]:
    rows = view.rows(_STORAGE, "/os-services", "services", _VERSION)
    return [{**row, "id": f"{row['binary']}@{row['host']}"} for row in rows]


def _restore_service(view: View, service: Resource, changed: Mapping[str, Any]) -> None:
    binary, _, host = service.id.partition("@")
    reason = changed.get("disabled_reason") or service.attributes.get("disabled_reason")
    asked = {"host": host, "binary": binary}
    if changed.get("status") == "enabled":
        view.put(_STORAGE, "/os-services/enable", asked, _VERSION)
    elif changed.get("status") == "disabled" or reason:
        why = {"disabled_reason": reason} if reason else {}
        view.put(_STORAGE, f"/os-services/disable{'-log-reason' if reason else ''}", asked | why, _VERSION)
    if "frozen" in changed:
        view.put(_STORAGE, f"/os-services/{'freeze' if changed['frozen'] else 'thaw'}", {"host": host}, _VERSION)


def _group_parts(row: Row) -> Iterator[Reference]:
    yield from (Reference(Relation.USES, "volume_type", id) for id in dig(row, "volume_types"))
    yield from (Reference(Relation.USES, "group_type", id) for id in dig(row, "group_type"))


KINDS: tuple[Kind, ...] = (
    Collection(
        name="volume", service=_STORAGE, path="/volumes", key="volumes", version=_VERSION, listed="/volumes/detail",
        query=_ALL, project="os-vol-tenant-attr:tenant_id", lingers=True, stuck=_STUCK,
        restored=("name", "description", "bootable", "size", "volume_type"), attributes=_volume_attributes,
        references=(
            Edge(Relation.USES, "snapshot", "snapshot_id"), Edge(Relation.USES, "volume", "source_volid"),
            Edge(Relation.PART_OF, "volume_group", "group_id"),
        ),
        restoration=_restore_volume,
        ladder=(
            Step("end its attachments", _end_attachments),
            Step("reset its state", _reset_volume),
            Step("delete it by force", lambda view, it: _act(view, f"/volumes/{it.id}", "os-force_delete")),
        ),
    ),
    Collection(
        name="snapshot", service=_STORAGE, path="/snapshots", key="snapshots", version=_VERSION, query=_ALL,
        listed="/snapshots/detail", project="os-extended-snapshot-attributes:project_id", lingers=True, stuck=_STUCK,
        restored=("name", "description", "metadata"),
        restoration=_named("/snapshots", "snapshot", "name", "description"),
        references=(
            Edge(Relation.USES, "volume", "volume_id"), Edge(Relation.PART_OF, "group_snapshot", "group_snapshot_id"),
        ),
        ladder=_resets("/snapshots"),
    ),
    Collection(
        name="backup", service=_STORAGE, path="/backups", key="backups", version=_VERSION, listed="/backups/detail",
        query=_ALL, project="os-backup-project-attr:project_id", lingers=True, stuck=_STUCK,
        restored=("name", "description", "metadata"),
        restoration=_named("/backups", "backup", "name", "description", "metadata"), ladder=_resets("/backups"),
    ),
    Collection(
        name="volume_transfer", service=_STORAGE, path="/volume-transfers", key="transfers", version=_VERSION,
        listed="/volume-transfers/detail", query=_ALL, project="source_project_id",
        references=(Edge(Relation.USES, "volume", "volume_id"),),
    ),
    Collection(
        name="volume_attachment", service=_STORAGE, path="/attachments", key="attachments", version=_VERSION,
        listed="/attachments/detail", query=_ALL, project="", created="", deletion=_delete_attachment,
        references=(Edge(Relation.USES, "volume", "volume_id"), Edge(Relation.PART_OF, "server", "instance")),
    ),
    Collection(
        name="volume_group", service=_STORAGE, path="/groups", key="groups", version=_VERSION, query=_ALL,
        listed="/groups/detail", lingers=True, stuck=_STUCK, edges=_group_parts, deletion=_delete_group,
        restored=("name", "description"), body="group",
        ladder=(Step("reset its state", _reset_group),),
    ),
    Collection(
        name="group_snapshot", service=_STORAGE, path="/group_snapshots", key="group_snapshots", version=_VERSION,
        listed="/group_snapshots/detail", query=_ALL, lingers=True, stuck=_STUCK,
        references=(Edge(Relation.USES, "volume_group", "group_id"),),
    ),
    Collection(
        name="group_type", service=_STORAGE, path="/group_types", key="group_types", version=_VERSION,
        query={"is_public": "None"}, restored=("name", "description", "is_public"), body="group_type",
    ),
    Collection(
        name="volume_type", service=_STORAGE, path="/types", rows=_types, created="",
        restored=("name", "description", "is_public", "extra_specs", "access", "encryption", "qos_specs_id"),
        references=(Edge(Relation.USES, "qos_spec", "qos_specs_id"),), restoration=_restore_type,
    ),
    Collection(
        name="qos_spec", service=_STORAGE, path="/qos-specs", key="qos_specs", version=_VERSION, created="",
        restored=("consumer", "specs"), restoration=_restore_qos,
    ),
    Collection(
        name="volume_service", service=_STORAGE, path="/os-services", rows=_services, label="host", leaks=False,
        status="state", restored=("status", "disabled_reason", "frozen"), restoration=_restore_service,
    ),
    quota("volume_quota", _STORAGE, "/os-quota-sets"),
)  # fmt: skip
