"""A guest whose image says Windows gets Hyper-V's enlightenments, and keeps them when it moves."""

from __future__ import annotations

import pytest

from pytest_whitebox.core.domain import Domain
from pytest_whitebox.create import Create

pytestmark = pytest.mark.requires("libvirt", "kvm")

WINDOWS = {"os_type": "windows"}
#: What every release since 2023.1 switches on; newer ones know more.
DEFAULT = {"relaxed", "vapic", "spinlocks", "vpindex", "runtime", "synic", "reset", "frequencies"}


@pytest.mark.idempotent_id("2b0a6df5-4d0e-4ad4-8d5d-0c8a2b7e9d65")
def test_enlightenments_of_a_windows_guest(create: Create) -> None:
    assert missing(create.server(image_properties=WINDOWS).domain) == set()


@pytest.mark.idempotent_id("0d8dc6a4-7b8a-4d8c-b1f6-5e1f5c3b7f92")
@pytest.mark.requires(computes=2)
def test_enlightenments_survive_a_live_migration(create: Create) -> None:
    server = create.server(image_properties=WINDOWS)
    before = server.domain.features
    assert missing(server.domain) == set()

    server.live_migrate()
    assert server.domain.features == before


def missing(domain: Domain) -> set[str]:
    """The default enlightenments that are not there, and all that are there and off."""
    return {name for name in DEFAULT | set(domain.features.hyperv) if not domain.features.hyperv.get(name)}
