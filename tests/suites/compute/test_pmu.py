"""The performance monitoring unit is on or off as the image or the flavor says, also after it was exchanged."""

from __future__ import annotations

import pytest

from pytest_whitebox.create import Create

pytestmark = [
    pytest.mark.requires("libvirt"),
    pytest.mark.parametrize("first", [True, False], ids=["on-to-off", "off-to-on"]),
]


@pytest.mark.idempotent_id("d0c9c3c3-9c5a-4f1a-8a46-5d1a3c4d8e21")
def test_rebuild_brings_the_pmu_of_the_new_image(create: Create, first: bool) -> None:
    server = create.server(image_properties={"hw_pmu": str(first)})
    assert server.domain.features.pmu is first

    server.rebuild(create.image(properties={"hw_pmu": str(not first)}))
    assert server.domain.features.pmu is (not first)


@pytest.mark.idempotent_id("4f0b0cb2-5d5e-4bb7-8f5e-0c9c2f6d7a13")
def test_resize_brings_the_pmu_of_the_new_flavor(create: Create, first: bool) -> None:
    server = create.server(extra_specs={"hw:pmu": str(first)})
    assert server.domain.features.pmu is first

    server.resize(create.flavor(extra_specs={"hw:pmu": str(not first)})).confirm()
    assert server.domain.features.pmu is (not first)
