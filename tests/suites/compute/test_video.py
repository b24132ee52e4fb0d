"""The graphics card is the one that the image asks for, also after a rebuild from another image."""

from __future__ import annotations

import pytest

from pytest_whitebox.core.domain import Domain
from pytest_whitebox.create import Create

pytestmark = [pytest.mark.requires("libvirt"), pytest.mark.usefixtures("any_host")]


@pytest.mark.idempotent_id("1c47d50c-3b91-46c8-9a23-c49c8bcd7311")
@pytest.mark.parametrize(("first", "second"), [("virtio", "none"), ("none", "virtio")])
def test_rebuild_brings_the_video_model_of_the_new_image(create: Create, first: str, second: str) -> None:
    server = create.server(image_properties={"hw_video_model": first})
    assert model(server.domain) == first

    server.rebuild(create.image(properties={"hw_video_model": second}))
    assert model(server.domain) == second


@pytest.mark.idempotent_id("e7c7a8fa-30b1-4d0c-8bb4-8f3f5d4a4e60")
def test_video_model_where_the_image_does_not_say(create: Create) -> None:
    server = create.server()
    spice = server.host.service("nova-compute").config.get("spice", "enabled")

    assert model(server.domain) == ("qxl" if spice in ("true", "True", "1") else "virtio")


@pytest.mark.idempotent_id("9d5c4a36-0a7a-4d63-a5a1-0f1c2b8f94d7")
@pytest.mark.requires("uefi")
def test_bochs_display_of_a_guest_with_uefi(create: Create) -> None:
    properties = {"hw_firmware_type": "uefi", "hw_machine_type": "q35", "hw_video_model": "bochs"}

    assert model(create.server(image_properties=properties).domain) == "bochs"


def model(domain: Domain) -> str | None:
    """The model of the graphics card."""
    return domain.video.model if domain.video else None
