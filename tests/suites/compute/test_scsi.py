"""Many disks on one virtio-scsi controller, and not one more than nova-compute allows."""

from __future__ import annotations

import pytest

from pytest_whitebox.core.domain import Domain
from pytest_whitebox.core.hosts import Host
from pytest_whitebox.create import Create
from pytest_whitebox.fixtures import SetConfig

pytestmark = pytest.mark.requires("libvirt", "block-storage")

SCSI = {"hw_scsi_model": "virtio-scsi", "hw_disk_bus": "scsi"}
#: With more than six disks, targets and units were once mixed up (https://launchpad.net/bugs/1686116).
MANY = 7


@pytest.mark.idempotent_id("9c4e7a2b-5d8f-4b1c-9e6a-3f0d7b5c8e14")
@pytest.mark.slow
def test_attached_volumes_share_one_controller(create: Create, any_host: Host) -> None:
    server = create.server(image_properties=SCSI)
    volumes = [create.volume() for _ in range(MANY - 1)]
    for volume in volumes:
        server.attach_volume(volume)

    assert serials_on_one_controller(server.domain) == [None, *(volume.id for volume in volumes)]


@pytest.mark.idempotent_id("b7d1f5e9-2c6a-4e8d-8b3f-5a9c0e4d6f27")
@pytest.mark.slow
def test_volumes_of_the_boot_share_one_controller(create: Create, any_host: Host) -> None:
    image = create.image(properties=SCSI)
    volumes = [create.volume(image=image), *(create.volume() for _ in range(MANY - 1))]
    mapping = [
        {"uuid": volume.id, "source_type": "volume", "destination_type": "volume", "boot_index": at, "disk_bus": "scsi"}
        for at, volume in enumerate(volumes)
    ]
    server = create.server(image=image, block_device_mapping=mapping)

    assert serials_on_one_controller(server.domain) == [volume.id for volume in volumes]


@pytest.mark.idempotent_id("d3a9c5f1-8e4b-4d2a-a7c6-0b8e6f2d4c38")
def test_no_more_disks_than_allowed(create: Create, own_host: Host, set_config: SetConfig) -> None:
    from openstack.exceptions import ForbiddenException

    set_config(own_host, "nova-compute", {("compute", "max_disk_devices_to_attach"): "2"})
    server = create.server(image_properties=SCSI)
    allowed, refused = create.volume(), create.volume()
    server.attach_volume(allowed)

    with pytest.raises(ForbiddenException):
        server.attach_volume(refused)
    assert serials_on_one_controller(server.domain) == [None, allowed.id]


def serials_on_one_controller(domain: Domain) -> list[str | None]:
    """The serials of all disks in the order of their units, which must be on the only virtio-scsi controller."""
    (controller,) = (one for one in domain.controllers if (one.type, one.model) == ("scsi", "virtio-scsi"))
    disks = list(domain.disks.values())
    assert {(disk.bus, disk.controller) for disk in disks} == {("scsi", controller.index)}
    assert len({disk.unit for disk in disks}) == len(disks)
    return [disk.serial for disk in sorted(disks, key=lambda disk: disk.unit or 0)]
