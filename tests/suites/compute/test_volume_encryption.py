"""A volume of an encrypted type is encrypted where it lies, and opened by QEMU alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from pytest_whitebox.core.domain.disk import Disk
from pytest_whitebox.create import Create

pytestmark = pytest.mark.requires("libvirt", "block-storage", "key-manager")


@pytest.mark.idempotent_id("2e6f8a4c-1b9d-4c7e-a5f3-6d0b8e2c4a97")
def test_encrypted_volume_is_luks_on_the_host_and_another_is_not(create: Create) -> None:
    server = create.server()
    secret, plain = create.volume(type=create.volume_type(encryption=True)), create.volume()
    server.attach_volume(secret)
    server.attach_volume(plain)
    disks = {disk.serial: disk for disk in server.domain.disks.values()}
    encryption = disks[secret.id].encryption

    assert disks[plain.id].encryption is None
    assert encryption is not None
    assert (encryption.format, bool(encryption.secret)) == ("luks", True)
    on_disk = {one.id: luks(server.host.qemu_img(path(disks[one.id])).details) for one in (secret, plain)}
    assert on_disk == {secret.id: True, plain.id: False}


def path(disk: Disk) -> str:
    """How qemu-img finds the disk on its host."""
    user = f":id={disk.user}" if disk.user else ""
    return f"rbd:{disk.source}{user}" if disk.protocol == "rbd" else str(disk.source)


def luks(image: Mapping[str, Any]) -> bool:
    """True if an image is LUKS by itself, or holds LUKS, by what ``qemu-img info`` says."""
    inside = image.get("format-specific", {}).get("data", {}).get("encrypt", {})
    return "luks" in (image["format"], inside.get("format"))
