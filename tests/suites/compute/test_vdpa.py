"""vDPA interfaces: the domain, Nova's database and Neutron say the same, wherever the guest goes."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_whitebox.core.databases import Databases
from pytest_whitebox.core.domain import Domain
from pytest_whitebox.core.domain.interface import Interface
from pytest_whitebox.create import Create
from pytest_whitebox.server import Server

pytestmark = pytest.mark.requires("libvirt", "network", "sriov")

DEVICE = "SELECT address, status, dev_type FROM pci_devices WHERE instance_uuid = :id AND deleted = 0"
OFFERED = "SELECT COUNT(*) AS devices FROM pci_devices WHERE dev_type = 'vdpa' AND deleted = 0"


@pytest.fixture
def port(create: Create, database: Databases) -> Any:
    """A port of the kind vdpa on the physical network that the functions are on."""
    host = create.cloud.hosts.computes[0]
    if not database.cell_of_host(host.name).row(OFFERED).devices:
        pytest.skip("Nova knows no vDPA device: make some with `vdpa dev add` and name their card in [pci] device_spec")
    physical = next(
        device["physical_network"]
        for one in create.cloud.facts.compute_hosts for device in one.pci if device.get("physical_network")
    )  # fmt: skip
    network = create.network(cidr="198.51.100.0/24", provider_network_type="vlan", provider_physical_network=physical)
    return create.port(network, binding_vnic_type="vdpa")


@pytest.fixture
def server(create: Create, port: Any, database: Databases) -> Server:
    """A guest with a vDPA interface."""
    made = create.server(networks=[port])
    assert_bound(made, database, port)
    return made


@pytest.mark.idempotent_id("0f5b1d7a-2c8e-4e6b-a3d9-6c4e8f0a2b51")
def test_interface_has_the_queues_that_are_configured(server: Server) -> None:
    config = server.host.service("nova-compute").config
    interface = interface_of(server.domain)

    for direction, size in (("rx", interface.rx_queue_size), ("tx", interface.tx_queue_size)):
        assert str(size) == str(config.get("libvirt", f"{direction}_queue_size"))


@pytest.mark.idempotent_id("d8a4c0e6-7b3f-4f9d-8e1b-5a3c7d9f1e62")
@pytest.mark.requires(computes=2)
@pytest.mark.parametrize("revert", [False, True], ids=["confirmed", "reverted"])
def test_interface_after_a_migration(server: Server, database: Databases, port: Any, revert: bool) -> None:
    source = server.host
    server.migrate()
    server.revert() if revert else server.confirm()

    assert (server.refresh().host.name == source.name) is revert
    assert_bound(server, database, port)


@pytest.mark.idempotent_id("91c7e3b5-0d6a-4a2c-9f8e-4b2d6f8c0a73")
def test_interface_after_a_resize(create: Create, server: Server, database: Databases, port: Any) -> None:
    server.resize(create.flavor(vcpus=2, ram=256)).confirm()

    assert_bound(server, database, port)


@pytest.mark.idempotent_id("a2f8d4c6-9e1b-4b7d-8a5f-3c1e7b9d5f84")
@pytest.mark.requires(computes=2)
def test_interface_after_an_evacuation(server: Server, database: Databases, port: Any, alone: None) -> None:
    source = server.host
    with source.service("nova-compute").down():
        source.virsh("destroy", server.id)
        server.evacuate()

    assert server.refresh().host.name != source.name
    assert_bound(server, database, port)


def assert_bound(server: Server, database: Databases, port: Any) -> None:
    """The guest's interface is on a vDPA device, which is the one that Nova and Neutron have noted."""
    bound = server.cloud.connection.network.get_port(port.id)
    row = database.cell_of(server).row(DEVICE, id=server.id)
    interface = interface_of(server.inactive_domain)

    assert (row.address, row.status, row.dev_type) == (bound.binding_profile["pci_slot"], "allocated", "vdpa")
    assert interface.mac == bound.mac_address
    assert str(interface.source).startswith("/dev/vhost-vdpa-")


def interface_of(domain: Domain) -> Interface:
    """The only interface, which must be of this kind."""
    (interface,) = domain.interfaces
    assert interface.type == "vdpa"
    return interface
