"""An attached volume, as the guest, Nova and Cinder have it."""

from __future__ import annotations

import pytest

from pytest_whitebox.core.databases import Databases
from pytest_whitebox.create import Create

pytestmark = pytest.mark.requires("libvirt", "block-storage")

NOVA = "SELECT attachment_id, device_name FROM block_device_mapping WHERE volume_id = :id AND deleted = 0"
CINDER = "SELECT id, instance_uuid, attach_status FROM volume_attachment WHERE volume_id = :id AND deleted = 0"


@pytest.mark.smoke
@pytest.mark.idempotent_id("eb0488c5-d193-47dd-a3ad-7c9f983024ea")
def test_guest_nova_and_cinder_agree_on_an_attachment(create: Create, database: Databases) -> None:
    server, volume = create.server(), create.volume(size=1)
    server.attach_volume(volume)
    disks = [disk for disk in server.domain.disks.values() if disk.serial == volume.id]
    nova = database.cell_of(server).row(NOVA, id=volume.id)
    cinder = database("cinder").row(CINDER, id=volume.id)

    assert [f"/dev/{disk.target}" for disk in disks] == [nova.device_name]
    assert (cinder.instance_uuid, cinder.attach_status) == (server.id, "attached")
    assert nova.attachment_id == cinder.id
