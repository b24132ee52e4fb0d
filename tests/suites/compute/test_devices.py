"""Devices that an image or a flavor asks for are in the guest, and those that it refuses are not."""

from __future__ import annotations

import pytest

from pytest_whitebox.core.domain.device import Input
from pytest_whitebox.create import Create

pytestmark = [pytest.mark.requires("libvirt"), pytest.mark.usefixtures("any_host")]


@pytest.mark.smoke
@pytest.mark.idempotent_id("7fd91d45-908b-442d-90c6-da154271c3e6")
def test_rng_device_gives_as_much_as_the_flavor_allows(create: Create) -> None:
    allowed = {"hw_rng:allowed": "true", "hw_rng:rate_bytes": "2048", "hw_rng:rate_period": "1000"}
    rng = create.server(image_properties={"hw_rng_model": "virtio"}, extra_specs=allowed).domain.rng

    assert rng is not None
    assert (rng.model, rng.rate_bytes, rng.rate_period) == ("virtio", 2048, 1000)


@pytest.mark.idempotent_id("12abc0c2-6c3b-4b79-a3f2-a789fa590f85")
def test_rng_device_that_the_flavor_forbids(create: Create) -> None:
    server = create.server(image_properties={"hw_rng_model": "virtio"}, extra_specs={"hw_rng:allowed": "false"})

    assert server.domain.rng is None


@pytest.mark.idempotent_id("2352d50c-6a30-43bb-be88-7bd8725c6b4b")
@pytest.mark.parametrize("bus", ["virtio", "usb"])
def test_pointer_device_is_on_the_bus_that_the_image_asks_for(create: Create, bus: str) -> None:
    server = create.server(image_properties={"hw_pointer_model": "usbtablet", "hw_input_bus": bus})

    assert Input("tablet", bus) in server.domain.inputs
