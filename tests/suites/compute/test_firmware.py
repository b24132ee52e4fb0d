"""Guests boot by the firmware that their image asks for."""

from __future__ import annotations

import pytest

from pytest_whitebox.core.domain import Domain
from pytest_whitebox.create import Create

pytestmark = [pytest.mark.requires("libvirt", "uefi"), pytest.mark.usefixtures("any_host")]

UEFI = {"hw_firmware_type": "uefi", "hw_machine_type": "q35"}


@pytest.mark.idempotent_id("75e1b8f4-6c2d-4c7e-8f0a-1d4b6e9c3a82")
def test_rebuild_brings_the_firmware_of_the_new_image(create: Create) -> None:
    uefi, bios = create.image(properties=UEFI), create.image(properties={"hw_firmware_type": "bios"})
    server = create.server(image=uefi)
    assert boots_by_uefi(server.domain)

    server.rebuild(bios)
    assert not boots_by_uefi(server.domain)
    assert server.domain.firmware.nvram is None

    server.rebuild(uefi)
    assert boots_by_uefi(server.domain)
    assert not server.domain.firmware.secure


@pytest.mark.smoke
@pytest.mark.idempotent_id("c8f2a5d7-3b1e-4e9c-a6d0-7f4c2b8e5a19")
@pytest.mark.requires("secure-boot")
def test_secure_boot_that_the_image_requires(create: Create) -> None:
    domain = create.server(image_properties={**UEFI, "os_secure_boot": "required"}).domain

    assert boots_by_uefi(domain)
    assert domain.firmware.secure is True
    assert domain.features.smm is True


def boots_by_uefi(domain: Domain) -> bool:
    """True if there is a loader that the guest cannot write to, and variables that it can."""
    firmware = domain.firmware
    return firmware.loader_type == "pflash" and firmware.read_only is True and firmware.nvram is not None
