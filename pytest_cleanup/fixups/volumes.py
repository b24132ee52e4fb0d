"""For a volume that Cinder takes for one that is just being attached or detached, for ever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_cleanup.fixups.fixup import Part
from pytest_cleanup.resource import Resource
from pytest_whitebox.core.databases.repair import Statement

_STUCK = ("attaching", "detaching", "reserved")


@dataclass(frozen=True, slots=True)
class VolumeStuckAttaching:
    """Has Cinder's database say that the volume is attached to nothing, so that it can be deleted."""

    name: str = "volume-stuck-attaching"
    kind: str = "volume"

    def applies(self, resource: Resource) -> bool:
        """True for one on its way to or from a server."""
        return resource.status in _STUCK

    def parts(self, resource: Resource) -> Sequence[Part]:
        """Its attachments go, as Cinder itself writes it, then its own state."""
        id = {"id": resource.id}
        gone = "deleted = 1, deleted_at = UTC_TIMESTAMP(), detach_time = UTC_TIMESTAMP(), attach_status = 'detached'"
        free = "status = 'available', attach_status = 'detached', updated_at = UTC_TIMESTAMP()"
        stuck = ", ".join(f"'{status}'" for status in _STUCK)
        return (
            Part("cinder", (
                Statement("volume_attachment", gone, "volume_id = :id AND deleted = 0", id),
                Statement("volumes", free, f"id = :id AND deleted = 0 AND status IN ({stuck})", id),
            )),
        )  # fmt: skip


STUCK_ATTACHING = VolumeStuckAttaching()
