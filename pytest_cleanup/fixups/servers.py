"""For a server that Nova does not delete, whatever it is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_cleanup.fixups.fixup import CELL, Part
from pytest_cleanup.resource import Resource
from pytest_whitebox.core.databases.repair import Statement

#: What Nova itself writes when it deletes: the row stays, and is not seen any more.
_DELETED = "deleted = id, deleted_at = UTC_TIMESTAMP()"
_STUCK = "uuid = :id AND deleted = 0 AND (task_state = 'deleting' OR vm_state IN ('error', 'building', 'deleted'))"
#: Rows that go with a server, once its own has gone.
_ITS_OWN = "instance_uuid = :id AND deleted = 0 AND EXISTS (SELECT 1 FROM instances WHERE uuid = :id AND deleted <> 0)"


@dataclass(frozen=True, slots=True)
class ServerStuckDeleting:
    """Has Nova's databases say that the server is deleted, as Nova itself writes it.

    Its domain, if there still is one, is then removed by nova-compute, which looks for such domains by itself
    (``[DEFAULT] running_deleted_instance_action``).
    """

    name: str = "server-stuck-deleting"
    kind: str = "server"

    def applies(self, resource: Resource) -> bool:
        """True for any, since the API does not tell what the server is busy with: the statements themselves look."""
        return resource.kind == self.kind

    def parts(self, resource: Resource) -> Sequence[Part]:
        """The cell first, for it knows whether the server is stuck; then the database of the API."""
        id = {"id": resource.id}
        gone = f"{_DELETED}, vm_state = 'deleted', task_state = NULL, terminated_at = UTC_TIMESTAMP()"
        return (
            Part(CELL, (
                Statement("instances", gone, _STUCK, id),
                Statement("block_device_mapping", _DELETED, _ITS_OWN, id),
                Statement("instance_info_caches", _DELETED, _ITS_OWN, id),
            )),
            Part("nova_api", (
                Statement("instance_mappings", "queued_for_delete = 1", "instance_uuid = :id", id),
            )),
        )  # fmt: skip


STUCK_DELETING = ServerStuckDeleting()
