"""Volumes of servers: rows of Cinder and Nova, disks of libvirt and files of the backend say the same."""

from __future__ import annotations

import pytest

from pytest_whitebox.core.databases import Databases
from pytest_whitebox.create import Create

pytestmark = pytest.mark.requires("libvirt", "block-storage")

NOVA = "SELECT attachment_id, boot_index FROM block_device_mapping WHERE volume_id = :id AND deleted = 0"
CINDER = "SELECT id, mountpoint, attached_host FROM volume_attachment WHERE volume_id = :id AND deleted = 0"


@pytest.mark.idempotent_id("62906c63-4be8-4c11-adbd-17f8b5b24d1c")
def test_boot_volume_is_the_first_disk_for_all(create: Create, database: Databases) -> None:
    volume = create.volume(image=create.guest_image)
    server = create.server(volume=volume)
    nova = database.cell_of(server).row(NOVA, id=volume.id)
    cinder = database("cinder").row(CINDER, id=volume.id)

    assert server.domain.disks["vda"].serial == volume.id
    assert (nova.boot_index, nova.attachment_id) == (0, cinder.id)
    assert (cinder.mountpoint, cinder.attached_host) == ("/dev/vda", server.host.name)


@pytest.mark.idempotent_id("2f70b7c1-a896-41c3-81c9-15225007bd3f")
def test_detached_volume_leaves_no_disk_and_no_row(create: Create, database: Databases) -> None:
    server, volume = create.server(), create.volume()
    nova, cinder = database.cell_of(server), database("cinder")
    server.attach_volume(volume)
    assert (len(nova.rows(NOVA, id=volume.id)), len(cinder.rows(CINDER, id=volume.id))) == (1, 1)

    server.detach_volume(volume)
    assert volume.id not in {disk.serial for disk in server.domain.disks.values()}
    assert nova.rows(NOVA, id=volume.id) == cinder.rows(CINDER, id=volume.id) == ()
