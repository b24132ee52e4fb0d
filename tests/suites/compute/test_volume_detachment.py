"""A volume that cannot be detached stays what it was: attached."""

from __future__ import annotations

import pytest

from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.databases import Databases
from pytest_whitebox.core.hosts import Host
from pytest_whitebox.create import Create
from pytest_whitebox.server import ServerError

from .conftest import wait_for_guests_to_be

pytestmark = pytest.mark.requires("libvirt", "admin", "block-storage", "placement")

CINDER = "SELECT attach_status FROM volume_attachment WHERE volume_id = :id AND deleted = 0"


@pytest.mark.idempotent_id("4345be0b-1518-47b5-88dd-cfe7915303c9")
def test_detaching_without_libvirt_fails_and_can_be_done_later(
    cloud: Cloud, create: Create, database: Databases, own_host: Host
) -> None:
    server, volume = create.server(), create.volume()
    server.attach_volume(volume)
    with own_host.service("libvirt").stopped():
        with pytest.raises(ServerError, match="could not let go of volume"):
            server.detach_volume(volume)
        wait_for_guests_to_be(cloud, own_host, allowed=False)

    assert volume.id in {disk.serial for disk in server.domain.disks.values()}
    assert database("cinder").row(CINDER, id=volume.id).attach_status == "attached"

    wait_for_guests_to_be(cloud, own_host, allowed=True)
    server.detach_volume(volume)
    assert volume.id not in {disk.serial for disk in server.domain.disks.values()}
