"""The watchdog does what the flavor or the image says, and there is none where they refuse it."""

from __future__ import annotations

import pytest

from pytest_whitebox.core.domain import Domain
from pytest_whitebox.create import Create

pytestmark = [pytest.mark.requires("libvirt"), pytest.mark.usefixtures("any_host")]

ACTIONS = ("reset", "poweroff", "pause", "none")
#: q35 brings a watchdog of its own, which newer versions of libvirt show.
OF_THE_MACHINE = "itco"


@pytest.mark.idempotent_id("68fb1019-5de1-4186-818b-9ecb5df80e1d")
@pytest.mark.parametrize("action", ACTIONS)
def test_watchdog_does_what_the_flavor_says(create: Create, action: str) -> None:
    server = create.server(extra_specs={"hw:watchdog_action": action})

    assert action_of(server.domain) == action


@pytest.mark.idempotent_id("0a5c6c8e-2f6b-4a27-9a0e-6b7b1c0f5d19")
@pytest.mark.parametrize("machine", ["pc", "q35"])
@pytest.mark.parametrize("action", ACTIONS)
def test_watchdog_does_what_the_image_says(create: Create, action: str, machine: str) -> None:
    server = create.server(image_properties={"hw_watchdog_action": action, "hw_machine_type": machine})
    domain = server.domain

    assert machine in str(domain.machine)
    assert action_of(domain) == action


@pytest.mark.smoke
@pytest.mark.idempotent_id("5d3e0c52-8fd4-4a8b-8a6e-2f4f0c7f6e3a")
def test_no_watchdog_that_the_flavor_refuses(create: Create) -> None:
    server = create.server(extra_specs={"hw:watchdog_action": "disabled"})

    assert action_of(server.domain) is None


@pytest.mark.idempotent_id("8b4e2d6c-7f1a-4c9e-b5d8-3a0f6c8e2b47")
def test_the_image_has_the_last_word_on_the_watchdog(create: Create) -> None:
    server = create.server(
        image_properties={"hw_watchdog_action": "reset"}, extra_specs={"hw:watchdog_action": "disabled"}
    )

    assert action_of(server.domain) == "reset"


@pytest.mark.idempotent_id("c0c2b0f1-6a4c-4c0e-9a39-3d7c8c9d5b27")
@pytest.mark.parametrize("machine", ["pc", "q35"])
def test_no_watchdog_that_the_image_refuses(create: Create, machine: str) -> None:
    server = create.server(image_properties={"hw_watchdog_action": "disabled", "hw_machine_type": machine})
    domain = server.domain

    assert machine in str(domain.machine)
    assert action_of(domain) is None


def action_of(domain: Domain) -> str | None:
    """What the watchdog that Nova gave does; None if it gave none."""
    watchdog = domain.watchdog
    return None if watchdog is None or watchdog.model == OF_THE_MACHINE else watchdog.action
