"""Interfaces that are functions of the host's network card: the domain, Nova's database and Neutron say the same."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_whitebox.core.databases import Databases
from pytest_whitebox.core.domain import Domain
from pytest_whitebox.core.domain.device import HostDevice
from pytest_whitebox.core.domain.interface import Interface
from pytest_whitebox.create import Create
from pytest_whitebox.server import Server

pytestmark = pytest.mark.requires("libvirt", "network", "sriov")

DEVICES = "SELECT address, status FROM pci_devices WHERE instance_uuid = :id AND deleted = 0"


@pytest.fixture
def network(create: Create) -> Any:
    """A network with a VLAN of the physical network that the functions are on."""
    physical = next(
        device["physical_network"]
        for host in create.cloud.facts.compute_hosts for device in host.pci if device.get("physical_network")
    )  # fmt: skip
    attributes = {"provider_network_type": "vlan", "provider_physical_network": physical}
    return create.network(cidr="198.51.100.0/24", **attributes)


@pytest.mark.idempotent_id("1a7c5e9b-3d8f-4b6a-8c0e-5f2d4a6c8e19")
@pytest.mark.requires(computes=2)
@pytest.mark.parametrize("kind", ["direct", "macvtap"])
def test_live_migration_takes_a_function_of_the_other_host(
    create: Create, database: Databases, network: Any, kind: str
) -> None:
    port = create.port(network, binding_vnic_type=kind)
    server = create.server(networks=[port])
    assert_function(server, database, network, port)

    server.live_migrate()
    assert_function(server, database, network, port)


@pytest.mark.idempotent_id("c5e9a3d7-8b2f-4d0c-9e6a-7f1b3d5a9c28")
@pytest.mark.parametrize("kind", ["direct", "macvtap", "direct-physical"])
def test_function_is_plugged_into_running_guests_and_out_again(
    create: Create, database: Databases, network: Any, kind: str
) -> None:
    port = create.port(network, binding_vnic_type=kind)
    for server in (create.server(), create.server()):
        server.attach_port(port)
        assert_function(server, database, network, port)

        server.detach_port(port)
        assert functions(server.domain) == []
        assert database.cell_of(server).rows(DEVICES, id=server.id) == ()


def assert_function(server: Server, database: Databases, network: Any, port: Any) -> None:
    """One function is in the guest, with the network's VLAN, and it is the one that Nova and Neutron have noted."""
    bound = server.cloud.connection.network.get_port(port.id)
    (device,) = functions(server.domain)
    (row,) = database.cell_of(server).rows(DEVICES, id=server.id)

    assert (row.address, row.status) == (bound.binding_profile["pci_slot"], "allocated")
    assert device.host_address in (row.address, None)
    if isinstance(device, Interface):
        assert (device.mac, device.vlan) == (bound.mac_address, network.provider_segmentation_id)


def functions(domain: Domain) -> list[Interface | HostDevice]:
    """What a guest has of network cards of its host: functions, macvtap devices on them, and whole ports."""
    interfaces = [one for one in domain.interfaces if one.type in ("hostdev", "direct")]
    return [*interfaces, *(one for one in domain.host_devices if one.type == "pci")]
