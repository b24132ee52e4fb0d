"""What the verbs make is there, and nothing of it stays, however the test ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.ledger import Ledger
from pytest_whitebox.create import Create
from pytest_whitebox.server import ServerError

# A test that uses the hosts waits while others restart their services.
pytestmark = [pytest.mark.usefixtures("hosts"), pytest.mark.slow]

PING = {"protocol": "icmp", "remote_ip_prefix": "0.0.0.0/0"}


@pytest.fixture
def prefix() -> str:
    """What all names of this test begin with, and no others."""
    return f"sp-{uuid4().hex[:8]}"


def test_all_that_is_made_is_there_and_gone_again(cloud: Cloud, prefix: str) -> None:
    assert made(cloud, prefix) == {}
    with Ledger() as ledger:
        make_all(Create(cloud, ledger, prefix))
        there = made(cloud, prefix)
    assert there == {
        "aggregate": 1, "flavor": 1, "floating ip": 1, "image": 1, "keypair": 1, "network": 1, "port": 2, "router": 1,
        "security group": 1, "server": 1, "server group": 1, "snapshot": 1, "subnet": 1, "volume": 2, "volume type": 1,
    }  # fmt: skip
    assert made(cloud, prefix) == {}


def make_all(create: Create) -> None:
    """One of each, wired together as servers are."""
    network = create.network()
    subnet = create.subnet(network)
    create.router(subnets=[subnet], external=True)
    group = create.security_group(PING)
    one, two = (create.port(network, security_group_ids=[group.id]) for _ in range(2))
    create.floating_ip(one)
    source = create.volume(type=create.volume_type())
    data = create.volume(snapshot=create.snapshot(source), type=source.volume_type)
    image = create.image(content=b"no disk at all", properties={"hw_rng_model": "virtio"})
    assert (image.size, image.hw_rng_model) == (14, "virtio")
    near = create.server_group("soft-affinity")
    create.aggregate(metadata={"stackproof": "true"})
    server = create.server(networks=[one], key_name=create.keypair().name, scheduler_hints={"group": near.id})
    server.attach_volume(data)
    server.attach_port(two)
    assert data.id in {disk.serial for disk in server.domain.disks.values()}
    assert {interface.mac for interface in server.domain.interfaces} == {one.mac_address, two.mac_address}


def test_what_is_still_being_made_is_undone_as_well(cloud: Cloud, prefix: str) -> None:
    with Ledger() as ledger:
        create = Create(cloud, ledger, prefix)
        create.volume(image=create.guest_image, wait=None)
        create.server(wait=None)
        assert set(made(cloud, prefix)) == {"flavor", "server", "volume"}
    assert made(cloud, prefix) == {}


def test_server_that_no_host_can_take_tells_why_and_goes(cloud: Cloud, prefix: str) -> None:
    with pytest.raises(ServerError, match=r"went to ERROR: No valid host was found"), Ledger() as ledger:
        Create(cloud, ledger, prefix).server(extra_specs={"trait:CUSTOM_HAS_NO_HOST": "required"})
    assert made(cloud, prefix) == {}


@pytest.mark.parametrize("broken", ["volume", "port"])
def test_failure_in_the_middle_leaves_nothing(cloud: Cloud, prefix: str, broken: str) -> None:
    def fail(create: Create) -> None:
        network = create.network(cidr="198.51.100.0/24")
        server = create.server(networks=[create.port(network)])
        if broken == "volume":
            server.attach_volume(create.volume())
        else:
            server.attach_port(create.port(network))
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"), Ledger() as ledger:
        fail(Create(cloud, ledger, prefix))
    assert made(cloud, prefix) == {}


def test_volume_that_a_server_took_with_it_is_undone(cloud: Cloud, prefix: str) -> None:
    storage = cloud.connection.block_storage
    with Ledger() as ledger:
        volume = Create(cloud, ledger, prefix).volume()
        promise = {"attachment": {"volume_uuid": volume.id, "instance_uuid": str(uuid4())}}
        assert storage.post("/attachments", json=promise, microversion="3.27").ok
        assert storage.get_volume(volume.id).status == "reserved"
    assert made(cloud, prefix) == {}


def made(cloud: Cloud, prefix: str) -> dict[str, int]:
    """How many things have a name, or a description, that begins so."""
    counts: dict[str, int] = {}
    for kind, name in named(cloud.connection):
        if name and name.startswith(prefix):
            counts[kind] = counts.get(kind, 0) + 1
    return dict(sorted(counts.items()))


def named(connection: Any) -> Iterator[tuple[str, str]]:
    """Everything there is, by kind and name."""
    compute, network, storage = connection.compute, connection.network, connection.block_storage
    listings = {
        "aggregate": compute.aggregates(), "flavor": compute.flavors(is_public="None"), "keypair": compute.keypairs(),
        "server": compute.servers(all_projects=True), "server group": compute.server_groups(),
        "image": connection.image.images(), "network": network.networks(), "subnet": network.subnets(),
        "port": network.ports(), "router": network.routers(), "security group": network.security_groups(),
        "volume": storage.volumes(all_projects=True), "snapshot": storage.snapshots(all_projects=True),
        "volume type": storage.types(),
    }  # fmt: skip
    for kind, listing in listings.items():
        yield from ((kind, found.name) for found in listing)
    yield from (("floating ip", found.description) for found in network.ips())
