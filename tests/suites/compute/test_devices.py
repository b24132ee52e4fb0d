"""Devices that an image or a flavor asks for are in the guest, and those that it refuses are not."""

from __future__ import annotations

import pytest

from pytest_whitebox.core.domain.device import Input
from pytest_whitebox.create import Create

pytestmark = pytest.mark.requires("libvirt")


@pytest.mark.idempotent_id("7fd91d45-908b-442d-90c6-da154271c3e6")
def test_rng_device_that_the_image_asks_for(create: Create) -> None:
    server = create.server(image_properties={"hw_rng_model": "virtio"})

    assert server.domain.rng is not None
    assert server.domain.rng.model == "virtio"


@pytest.mark.idempotent_id("12abc0c2-6c3b-4b79-a3f2-a789fa590f85")
def test_rng_device_that_the_flavor_forbids(create: Create) -> None:
    server = create.server(image_properties={"hw_rng_model": "virtio"}, extra_specs={"hw_rng:allowed": "false"})

    assert server.domain.rng is None


@pytest.mark.idempotent_id("1c47d50c-3b91-46c8-9a23-c49c8bcd7311")
def test_video_model_that_the_image_asks_for(create: Create) -> None:
    server = create.server(image_properties={"hw_video_model": "vga"})

    assert server.domain.video is not None
    assert server.domain.video.model == "vga"


@pytest.mark.idempotent_id("68fb1019-5de1-4186-818b-9ecb5df80e1d")
def test_watchdog_does_what_the_image_asks_for(create: Create) -> None:
    server = create.server(image_properties={"hw_watchdog_action": "poweroff"})

    assert server.domain.watchdog is not None
    assert server.domain.watchdog.action == "poweroff"


@pytest.mark.idempotent_id("2352d50c-6a30-43bb-be88-7bd8725c6b4b")
def test_pointer_device_is_on_the_bus_that_the_image_asks_for(create: Create) -> None:
    server = create.server(image_properties={"hw_pointer_model": "usbtablet", "hw_input_bus": "virtio"})

    assert Input("tablet", "virtio") in server.domain.inputs
