"""The guest's CPUs are of the NUMA node, or the socket, that its function of a network card is at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from pytest_whitebox.core.cpuset import parse_cpus
from pytest_whitebox.core.databases import Databases
from pytest_whitebox.core.hosts import Host
from pytest_whitebox.create import Create
from pytest_whitebox.server import Server

pytestmark = pytest.mark.requires("libvirt", "network", "sriov", numa=2)

DEDICATED = {"hw:cpu_policy": "dedicated"}
FLAVOR, IMAGE, PORT = "hw:pci_numa_affinity_policy", "hw_pci_numa_affinity_policy", "numa_affinity_policy"
NODE = "SELECT numa_node FROM pci_devices WHERE instance_uuid = :id AND deleted = 0"
OTHER = {"required": "preferred", "preferred": "required"}
#: Who says how near CPUs and function must be; a port has the last word.
SAID_BY = ("flavor", "image", "port", "port over flavor", "port over image")


@pytest.fixture
def network(create: Create) -> Any:
    """A network with a VLAN of the physical network that the functions are on."""
    physical = next(
        device["physical_network"]
        for host in create.cloud.facts.compute_hosts for device in host.pci if device.get("physical_network")
    )  # fmt: skip
    return create.network(cidr="198.51.100.0/24", provider_network_type="vlan", provider_physical_network=physical)


@pytest.mark.idempotent_id("e9a5c1d7-4f8b-4a3e-8d6c-0b7f9e5a3d39")
@pytest.mark.parametrize("said_by", SAID_BY)
@pytest.mark.parametrize("policy", ["required", "preferred"])
def test_second_guest_without_room_at_its_function(
    create: Create, database: Databases, network: Any, policy: str, said_by: str
) -> None:
    """The first guest takes all dedicated CPUs of the node: then a second one fails, or boots elsewhere if it may."""
    said = said_in(said_by, policy)
    first = guest(create, network, *said, vcpus=1)
    node = cpus_at(first.host, database.cell_of(first).row(NODE, id=first.id).numa_node)
    assert first.domain.pinned_cpus <= node

    rest = len(dedicated(first.host) & node) - 1
    filling = [guest(create, network, *said, vcpus=rest, same_host=first)] if rest else []
    second = guest(create, network, *said, vcpus=1, same_host=first, wait=None)
    second.wait_for("ERROR" if policy == "required" else "ACTIVE")
    assert [server.domain.pinned_cpus <= node for server in filling] == [True] * len(filling)
    assert policy == "required" or second.domain.pinned_cpus.isdisjoint(node)


@pytest.mark.idempotent_id("70d6b2e8-5a9c-4c1f-9f4d-3e8a6c0b2d40")
@pytest.mark.requires("COMPUTE_SOCKET_PCI_NUMA_AFFINITY")
def test_socket_is_near_enough(create: Create, database: Databases, network: Any) -> None:
    server = guest(create, network, {FLAVOR: "socket"}, {}, {}, vcpus=1)
    node = database.cell_of(server).row(NODE, id=server.id).numa_node
    sockets = {sockets_of(server.host)[cpu] for cpu in server.domain.pinned_cpus}

    assert sockets == {sockets_of(server.host)[cpu] for cpu in cpus_at(server.host, node)}


def said_in(said_by: str, policy: str) -> tuple[Mapping[str, str], Mapping[str, str], Mapping[str, str]]:
    """What flavor, image and port say; those that a port overrules say something else."""
    decides, _, overruled = said_by.partition(" over ")
    says = {decides: policy, overruled: OTHER[policy]}
    keys = {"flavor": FLAVOR, "image": IMAGE, "port": PORT}
    flavor, image, port = ({key: says[who]} if who in says else {} for who, key in keys.items())
    return flavor, image, port


def guest(
    create: Create, network: Any, flavor: Mapping[str, str], image: Mapping[str, str], port: Mapping[str, str],
    **options: Any,
) -> Server:  # fmt: skip
    """A guest with dedicated CPUs and a function."""
    function = create.port(network, binding_vnic_type="direct", **port)
    specs = {**DEDICATED, **flavor}
    return create.server(extra_specs=specs, image_properties=image or None, networks=[function], **options)


def dedicated(host: Host) -> frozenset[int]:
    """The CPUs that nova-compute gives to one guest each."""
    return parse_cpus(host.service("nova-compute").config.get("compute", "cpu_dedicated_set") or "")


def cpus_at(host: Host, node: int) -> frozenset[int]:
    """The CPUs of a NUMA node of a host."""
    return parse_cpus(host.file(f"/sys/devices/system/node/node{node}/cpulist").content_string)


def sockets_of(host: Host) -> dict[int, int]:
    """The socket of each CPU of a host."""
    return {cpu.id: cpu.socket or 0 for cpu in host.capabilities.cpus}
