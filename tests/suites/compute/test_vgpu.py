"""Virtual GPUs: the mediated device is in the guest and on its host, and Placement counts it where the guest is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from pytest_whitebox.core.domain import Domain
from pytest_whitebox.create import Create
from pytest_whitebox.server import Server

pytestmark = pytest.mark.requires("libvirt", "placement", "vgpu")

ONE = {"resources:VGPU": "1"}


@pytest.mark.idempotent_id("b3e9c5a7-1f4d-4d8b-9c6e-2a0f8d6b4c95")
def test_vgpu_is_in_the_guest_until_it_goes(create: Create) -> None:
    server = create.server(extra_specs=ONE)
    host = server.host
    (device,) = vgpus(server.domain)
    assert host.file(f"/sys/bus/mdev/devices/{device}").exists
    assert taken(create, server) == {host.name: 1}

    server.delete()
    assert taken(create, server) == {}


@pytest.mark.idempotent_id("c4d0f6b8-3a7e-4e9c-8b1d-5f3a7c9e1db6")
@pytest.mark.requires(computes=2)
@pytest.mark.parametrize("revert", [False, True], ids=["confirmed", "reverted"])
def test_vgpu_after_a_migration(create: Create, revert: bool) -> None:
    server = create.server(extra_specs=ONE)
    source = server.host.name
    server.migrate()
    server.revert() if revert else server.confirm()

    assert (server.refresh().host.name == source) is revert
    assert len(vgpus(server.domain)) == 1
    assert taken(create, server) == {server.host.name: 1}


@pytest.mark.idempotent_id("2b6d8f0c-5e9a-4a1d-9d7f-8c6b4e2a0fc7")
def test_vgpu_goes_with_a_resize_and_comes_with_another(create: Create) -> None:
    server = create.server(extra_specs=ONE)
    server.resize(create.flavor()).confirm()
    assert vgpus(server.domain) == []
    assert taken(create, server) == {}

    server.resize(create.flavor(extra_specs=ONE)).confirm()
    assert len(vgpus(server.domain)) == 1
    assert taken(create, server) == {server.refresh().host.name: 1}


@pytest.mark.idempotent_id("6f0a2c4e-8d1b-4c5f-a9e3-7b5d9f1c3ed8")
def test_vgpu_is_of_the_card_that_has_the_trait(create: Create) -> None:
    traits = cards_by_trait(create)
    if not traits:
        pytest.skip("no provider of VGPU has a trait of its own: give each a CUSTOM_ trait in Placement")
    for trait, cards in traits.items():
        server = create.server(extra_specs={**ONE, f"trait:{trait}": "required"})
        (device,) = vgpus(server.domain)
        where = server.host.run(["readlink", "-f", f"/sys/bus/mdev/devices/{device}"]).stdout
        assert card_of(where) in cards


@pytest.mark.idempotent_id("17c3e5a9-4b8d-4e0f-8f2a-9d7c1b3f5ae9")
@pytest.mark.requires(computes=2)
def test_vgpu_after_an_evacuation(create: Create, alone: None) -> None:
    server = create.server(extra_specs=ONE)
    source = server.host
    with source.service("nova-compute").down():
        source.virsh("destroy", server.id)
        server.evacuate()

    assert server.refresh().host.name != source.name
    assert len(vgpus(server.inactive_domain)) == 1


def vgpus(domain: Domain) -> list[str | None]:
    """The mediated devices of a guest."""
    return [device.uuid for device in domain.host_devices if device.type == "mdev"]


def taken(create: Create, server: Server) -> Mapping[str, int]:
    """How many virtual GPUs Placement counts for a server, by the host whose they are."""
    placement: Any = create.cloud.connection.placement
    allocations = placement.get(f"/allocations/{server.id}").json()["allocations"]
    roots = {one.id: one.name for one in create.cloud.connection.compute.hypervisors()}
    found: dict[str, int] = {}
    for provider, one in allocations.items():
        if amount := one["resources"].get("VGPU"):
            root = placement.get(f"/resource_providers/{provider}", microversion="1.14").json()["root_provider_uuid"]
            found[roots[root]] = found.get(roots[root], 0) + amount
    return found


def cards_by_trait(create: Create) -> Mapping[str, set[str]]:
    """The cards that offer virtual GPUs, as PCI addresses, by the traits that somebody gave them."""
    found: dict[str, set[str]] = {}
    for provider in create.cloud.facts.providers:
        for trait in provider.traits if "VGPU" in provider.inventory else ():
            if trait.startswith("CUSTOM_"):
                found.setdefault(trait, set()).add(provider_address(provider.name))
    return found


def provider_address(provider: str) -> str:
    """The PCI address in a provider's name: ``compute1_pci_0000_84_00_0`` is ``0000:84:00.0``."""
    domain, bus, slot, function = provider.rpartition("_pci_")[2].split("_")
    return f"{domain}:{bus}:{slot}.{function}"


def card_of(path: str) -> str:
    """The card that a mediated device is of, by its place in sysfs."""
    return path.strip().split("/")[-2]
