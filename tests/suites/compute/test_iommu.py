"""The guest has an IOMMU exactly as long as its flavor asks for one; an emulated one could not remap interrupts."""

from __future__ import annotations

import pytest

from pytest_whitebox.core.domain import Domain
from pytest_whitebox.create import Create

pytestmark = pytest.mark.requires("libvirt", "kvm")

Q35 = {"hw_machine_type": "q35"}
INTEL = {"hw:viommu_model": "intel"}


@pytest.mark.idempotent_id("6b7e6d9e-1c34-4e04-9d5e-6c1d2f0f4b55")
def test_iommu_of_a_q35_guest_remaps_interrupts(create: Create) -> None:
    server = create.server(image_properties=Q35, extra_specs=INTEL)

    assert of_intel(server.domain)


@pytest.mark.idempotent_id("37a5b6f1-9b6e-4f1d-8a5f-c62f2c1fb9a8")
def test_iommu_comes_and_goes_with_the_flavor(create: Create) -> None:
    server = create.server(image_properties=Q35)
    assert server.domain.iommu is None

    server.resize(create.flavor(extra_specs=INTEL)).confirm()
    assert of_intel(server.domain)
    server.resize(create.flavor()).confirm()
    assert server.domain.iommu is None


def of_intel(domain: Domain) -> bool:
    """True if there is what Nova asks for with this model (nova/virt/libvirt/driver.py)."""
    if domain.iommu is None:
        return False
    remaps = (domain.iommu.intremap, domain.iommu.eim, domain.features.ioapic) == (True, True, "qemu")
    return domain.iommu.model == "intel" and remaps
