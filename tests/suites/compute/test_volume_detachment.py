"""A volume that cannot be detached stays what it was: attached."""

from __future__ import annotations

import pytest

from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.databases import Databases
from pytest_whitebox.core.hosts import Host
from pytest_whitebox.core.wait import wait_for
from pytest_whitebox.create import Create
from pytest_whitebox.server import ServerError

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
        wait_for(lambda: is_disabled(cloud, own_host), timeout=180, every=1, what=f"Nova to disable {own_host.name}")

    assert volume.id in {disk.serial for disk in server.domain.disks.values()}
    assert database("cinder").row(CINDER, id=volume.id).attach_status == "attached"

    wait_for(lambda: not is_disabled(cloud, own_host), timeout=180, every=1, what=f"Nova to enable {own_host.name}")
    server.detach_volume(volume)
    assert volume.id not in {disk.serial for disk in server.domain.disks.values()}


def is_disabled(cloud: Cloud, host: Host) -> bool:
    """True if Placement knows a host as disabled: what Nova tells last before it loses its mounts, or has them back."""
    url = f"/resource_providers/{cloud.hypervisor(host).id}/traits"
    answer = cloud.connection.placement.get(url, microversion="1.36").json()
    return "COMPUTE_STATUS_DISABLED" in answer["traits"]
