"""Volumes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pytest_upgrade.persistent.errors import Unusable
from pytest_upgrade.persistent.guest import Guest
from pytest_upgrade.persistent.kinds.compute import waited
from pytest_upgrade.persistent.kinds.fields import absent, changed, settled
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.wait import wait_for
from pytest_whitebox.remove import REMOVALS

if TYPE_CHECKING:
    from pytest_upgrade.persistent.place import Place
    from pytest_upgrade.store.values import Kept

_PATIENCE = 180
#: Fills the first 4 MiB with noise and says its digest, as it is on the disk and not in the cache.
_FILL = 'dd if=/dev/urandom of="$1" bs=1M count=4 conv=fsync 2>/dev/null; echo 3 >/proc/sys/vm/drop_caches; '
_DIGEST = 'dd if="$1" bs=1M count=4 2>/dev/null | sha256sum | cut -d " " -f 1'
#: Writes behind what was filled, and reads that again.
_WRITE = """
printf '%s' "$2" | dd of="$1" bs=1M seek=8 conv=fsync,notrunc 2>/dev/null
echo 3 >/proc/sys/vm/drop_caches
dd if="$1" bs=1M skip=8 count=1 2>/dev/null | head -c "${#2}"
"""


class Volume:
    """A volume on a server, with data that its guest has written."""

    name = "volume"
    service = "block-storage"

    def make(self, place: Place, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
        """Make it, attach it, and have the guest fill it."""
        storage, server = place.connection.block_storage, place.kept("server", spec["server"], **spec["of_server"])
        made = storage.create_volume(name=name, size=spec["size"])
        _status(place, made.id, "available")
        self._attach(place, server.id, made.id)
        digest = self._guest(place, spec).script(f"{_FILL}{_DIGEST}", self._disk(place, spec, made.id)).strip()
        return {"id": made.id, "server": server.id, "digest": digest, "record": self._record(place, made.id)}

    def missing(self, place: Place, kept: Kept) -> str:
        """By its id."""
        return absent(lambda: place.connection.block_storage.get_volume(kept.state["id"]))

    def differences(self, place: Place, kept: Kept) -> Iterator[str]:
        """Its record, and its data as the guest reads them."""
        found = list(changed(kept.state["record"], self._record(place, kept.state["id"])))
        yield from found
        if not found and (now := self._digest(place, kept)) != kept.state["digest"]:
            yield f"its data are others: SHA-256 was {kept.state['digest'][:16]}… and is {now[:16]}…"

    def use(self, place: Place, kept: Kept) -> str:
        """Write to it, take it off the server, put it back, and read what was written."""
        compute, id, server = place.connection.compute, kept.state["id"], kept.state["server"]
        mark = f"used in {place.phase}"
        guest = self._guest(place, kept.spec)
        if guest.script(_WRITE, self._disk(place, kept.spec, id), mark) != mark:
            raise Unusable(f"{kept} does not give back what is written to it", hint="see the log of nova-compute")
        compute.delete_volume_attachment(server, id)
        _status(place, id, "available")
        # Cinder lets go of it before Nova does.
        gone = f"volume {id} to be off its server"
        settled(lambda: id not in _attached(place, server), timeout=_PATIENCE, what=gone)
        self._attach(place, server, id)
        read = 'echo 3 >/proc/sys/vm/drop_caches; dd if="$1" bs=1M skip=8 count=1 2>/dev/null | head -c "$2"'
        if guest.script(read, self._disk(place, kept.spec, id), str(len(mark))) != mark:
            raise Unusable(
                f"{kept} has lost what was written before it was detached", hint="see the log of cinder-volume"
            )
        return "written, detached, attached, read"

    def remove(self, place: Place, name: str, state: Mapping[str, Any]) -> None:
        """Off its server, then by its name."""
        from openstack.exceptions import NotFoundException

        found = next(iter(place.connection.block_storage.volumes(name=name)), None)
        if found is not None and found.status == "in-use":
            try:
                place.connection.compute.delete_volume_attachment(state["server"], found.id, ignore_missing=True)
                _status(place, found.id, "available")
            except (KeyError, NotFoundException):
                pass
        REMOVALS["volume"](place.connection, name)

    def _attach(self, place: Place, server: str, volume: str) -> None:
        place.connection.compute.create_volume_attachment(server, volume_id=volume)
        _status(place, volume, "in-use")
        waited(place, server, "ACTIVE")

    def _guest(self, place: Place, spec: Mapping[str, Any]) -> Guest:
        server = place.keeper.known("server", spec["server"])
        if server is None:
            raise StackproofError("the server of the volume is not known", hint="ask for the server first")
        return Guest.of(place, server.name, server.state)

    def _disk(self, place: Place, spec: Mapping[str, Any], id: str) -> str:
        """The path of the volume in the guest, once it is there."""
        path = f"/dev/disk/by-id/virtio-{id[:20]}"
        guest = self._guest(place, spec)
        wait_for(lambda: guest.try_(["test", "-b", path]).ok, timeout=60, every=1, what=f"{path} in the guest")
        return path

    def _digest(self, place: Place, kept: Kept) -> str:
        script = f"echo 3 >/proc/sys/vm/drop_caches; {_DIGEST}"
        return self._guest(place, kept.spec).script(script, self._disk(place, kept.spec, kept.state["id"])).strip()

    def _record(self, place: Place, id: str) -> dict[str, Any]:
        found = place.connection.block_storage.get_volume(id)
        return {
            "status": found.status, "size": found.size, "type": found.volume_type, "bootable": found.is_bootable,
            "servers": [one["server_id"] for one in found.attachments],
        }  # fmt: skip


def _attached(place: Place, server: str) -> list[str]:
    return [one.volume_id for one in place.connection.compute.volume_attachments(server)]


def _status(place: Place, id: str, status: str) -> None:
    storage = place.connection.block_storage
    seen = settled(
        lambda: found if (found := storage.get_volume(id)).status == status or "error" in found.status else None,
        timeout=_PATIENCE, what=f"volume {id} to become {status}",
    )  # fmt: skip
    if seen.status != status:
        raise StackproofError(f"volume {id} went to {seen.status}", hint="see the log of cinder-volume")
