"""A hard reboot makes the domain anew, and the same as it was."""

from __future__ import annotations

import pytest

from pytest_whitebox.create import Create

pytestmark = [pytest.mark.requires("libvirt"), pytest.mark.usefixtures("any_host")]

#: Where no image says it, Nova notes at the first boot which bus it took, and from the second on gives a keyboard, too.
BUS = {"hw_input_bus": "virtio"}


@pytest.mark.idempotent_id("3a8f6c2e-9d5b-4e1a-8c7f-0b4d6e2a9f53")
def test_hard_reboot_changes_no_fact(create: Create) -> None:
    server = create.server(image_properties=BUS)
    before, process = server.domain, server.pid
    server.reboot(hard=True)

    assert server.pid != process
    assert server.domain == before
