"""A server made from an ISO image boots from a CD-ROM, also after its domain was made anew."""

from __future__ import annotations

import pytest

from pytest_whitebox.core.domain import Domain
from pytest_whitebox.create import Create

pytestmark = [pytest.mark.requires("libvirt"), pytest.mark.usefixtures("any_host")]

SECTOR = 2048


@pytest.mark.smoke
@pytest.mark.idempotent_id("a3c1d4c2-3c9f-4a4e-9b21-2e8b5f2d6c74")
def test_iso_image_is_a_cdrom(create: Create) -> None:
    server = create.server(image=create.image(content=iso9660(), disk_format="iso"))
    assert devices(server.domain) == ["cdrom"]

    server.reboot(hard=True)
    assert devices(server.domain) == ["cdrom"]


def devices(domain: Domain) -> list[str]:
    """What each disk is to the guest."""
    return [disk.device for disk in domain.disks.values()]


def iso9660() -> bytes:
    """The smallest image that Glance and Nova take for ISO 9660: volume descriptors, and nothing on it."""
    primary, end = b"\x01CD001\x01\x00", b"\xffCD001\x01"
    return bytes(16 * SECTOR) + primary.ljust(SECTOR, b"\0") + end.ljust(SECTOR, b"\0") + bytes(14 * SECTOR)
