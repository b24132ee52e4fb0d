"""A PCI device that a flavor asks for by its alias is in the guest, and Nova and Placement know that it is taken."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest

from pytest_whitebox.core.databases import Databases
from pytest_whitebox.core.hosts import Hosts
from pytest_whitebox.create import Create

pytestmark = pytest.mark.requires("libvirt", "pci")

OF_SERVER = "SELECT address, status FROM pci_devices WHERE instance_uuid = :id AND deleted = 0"
OF_HOST = """
SELECT pci_devices.address, pci_devices.status FROM pci_devices
JOIN compute_nodes ON compute_nodes.id = pci_devices.compute_node_id
WHERE compute_nodes.host = :host AND pci_devices.deleted = 0
"""


@pytest.mark.idempotent_id("84e0c6a2-9d5b-4f3e-8a1c-7b3f5d7e9c06")
def test_device_is_in_the_guest_and_allocated_until_the_guest_goes(
    create: Create, database: Databases, hosts: Hosts
) -> None:
    config = hosts.controllers[0].service("nova-scheduler").config
    alias = first_alias(config.get_all("pci", "alias"))
    server = create.server(extra_specs={"pci_passthrough:alias": f"{alias}:1"})
    cell, host, (device,) = database.cell_of(server), server.host.name, server.domain.host_devices
    assert [(row.address, row.status) for row in cell.rows(OF_SERVER, id=server.id)] == [
        (device.host_address, "allocated")
    ]

    server.delete()
    free = {row.address: row.status for row in cell.rows(OF_HOST, host=host)}
    assert free[device.host_address] == "available"


@pytest.mark.idempotent_id("f6b2d8e4-0a7c-4e5d-9b3f-1c5a7e9d3b17")
@pytest.mark.requires("placement")
def test_placement_counts_the_device_until_the_guest_goes(create: Create, hosts: Hosts) -> None:
    if not any(host.service("nova-compute").config.get("pci", "report_in_placement") for host in hosts.computes):
        pytest.skip("no compute host reports PCI devices to Placement: set [pci] report_in_placement there")
    config = hosts.controllers[0].service("nova-scheduler").config
    server = create.server(extra_specs={"pci_passthrough:alias": f"{first_alias(config.get_all('pci', 'alias'))}:1"})
    placement = create.cloud.connection.placement
    address = f"/allocations/{server.id}"

    assert sum(devices(placement.get(address).json()["allocations"].values())) == 1
    server.delete()
    assert placement.get(address).json()["allocations"] == {}


def first_alias(options: Iterable[str]) -> str:
    """The name of the first alias that asks for no network device."""
    found = [json.loads(option) for option in options]
    flat = [one for option in found for one in (option if isinstance(option, list) else [option])]
    return str(next(one["name"] for one in flat))


def devices(allocations: Iterable[dict[str, dict[str, int]]]) -> list[int]:
    """The amounts of resource classes that PCI devices have, which are made up by Nova."""
    return [amount for one in allocations for kind, amount in one["resources"].items() if kind.startswith("CUSTOM_")]
