"""Volumes and snapshots that wait for something that nobody does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from devcloud.faults.fault import Fault
from devcloud.faults.site import Site
from devcloud.journal import Notes

_TIMEOUT = 120
#: Each state that a volume can be left in, and what a user can then not do.
_STATES = {
    "creating": "it can be neither attached nor deleted",
    "attaching": "it can be neither attached nor deleted",
    "detaching": "it can be neither attached nor deleted",
    "reserved": "it is kept for an attachment that never comes",
    "in-use": "it has no attachment, and can be neither attached nor deleted",
    "uploading": "no image comes of it, and it can be neither attached nor deleted",
    "backing-up": "no backup comes of it, and it can be neither attached nor deleted",
    "extending": "its size stays, and it can be neither attached nor deleted",
    "retyping": "its type stays, and it can be neither attached nor deleted",
    "maintenance": "it can be neither attached nor deleted",
    "deleting": "it stays in the list, and counts against the quota",
    "error_deleting": "it stays in the list, and counts against the quota",
    "error": "it can be deleted, and not attached",
}


def _stick(state: str, site: Site, notes: Notes) -> None:
    _set_state(site, _make(site, notes), state)


def _make(site: Site, notes: Notes) -> str:
    volume = site.admin.block_storage.create_volume(name=notes.target, size=1)
    site.admin.block_storage.wait_for_status(volume, "available", wait=_TIMEOUT)
    return str(volume.id)


def _set_state(site: Site, volume: str, state: str) -> None:
    site.sql("cinder", "UPDATE volumes SET status = %s WHERE id = %s", (state, volume))


def _remove(site: Site, notes: Notes) -> None:
    storage = site.admin.block_storage
    for volume in list(storage.volumes(name=notes.target)):
        _set_state(site, volume.id, "available")
        _delete(storage, storage.delete_volume, volume)


def _delete(storage: Any, delete: Callable[..., object], made: Any) -> None:
    delete(made, ignore_missing=True)
    storage.wait_for_delete(made, wait=_TIMEOUT)


def _is_stuck(state: str, site: Site, notes: Notes) -> str:
    volumes: list[Any] = list(site.admin.block_storage.volumes(name=notes.target))
    stuck = bool(volumes) and volumes[0].status == state
    return f"`openstack volume show {notes.target}`: {state}, attachments {volumes[0].attachments}" if stuck else ""


def _stick_snapshot(site: Site, notes: Notes) -> None:
    storage = site.admin.block_storage
    snapshot = storage.create_snapshot(volume_id=_make(site, notes), name=notes.target)
    storage.wait_for_status(snapshot, "available", wait=_TIMEOUT)
    _set_snapshot_state(site, snapshot.id, "deleting")


def _set_snapshot_state(site: Site, snapshot: str, state: str) -> None:
    site.sql("cinder", "UPDATE snapshots SET status = %s WHERE id = %s", (state, snapshot))


def _remove_snapshot(site: Site, notes: Notes) -> None:
    storage = site.admin.block_storage
    for snapshot in list(storage.snapshots(name=notes.target)):
        _set_snapshot_state(site, snapshot.id, "available")
        _delete(storage, storage.delete_snapshot, snapshot)
    _remove(site, notes)


def _snapshot_is_stuck(site: Site, notes: Notes) -> str:
    snapshots: list[Any] = list(site.admin.block_storage.snapshots(name=notes.target))
    stuck = bool(snapshots) and snapshots[0].status == "deleting"
    return f"`openstack volume snapshot show {notes.target}`: deleting" if stuck else ""


def _stuck() -> Iterator[Fault]:
    for state, so in _STATES.items():
        yield Fault(
            f"volume-stuck-{state.replace('_', '-')}",
            f"a volume is {state}, says its record, and nobody does anything about it",
            f"`openstack volume show` has the status {state} for good: {so}",
            partial(_stick, state),
            _remove,
            partial(_is_stuck, state),
            "the volume is made available and deleted",
            needs="cinder",
            lasts=True,
        )


FAULTS: tuple[Fault, ...] = (
    *_stuck(),
    Fault(
        "snapshot-stuck-deleting",
        "a volume's snapshot is being deleted, says its record, and nobody does it",
        "`openstack volume snapshot show` has the status deleting for good; its volume cannot be deleted either",
        _stick_snapshot,
        _remove_snapshot,
        _snapshot_is_stuck,
        "the snapshot is made available, and deleted with its volume",
        needs="cinder",
        lasts=True,
    ),
)
