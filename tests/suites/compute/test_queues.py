"""Queues of network interfaces: as many and as long as image and configuration say."""

from __future__ import annotations

import pytest

from pytest_whitebox.core.hosts import Host
from pytest_whitebox.create import Create
from pytest_whitebox.fixtures import SetConfig

pytestmark = pytest.mark.requires("libvirt", "network", "kvm")


@pytest.mark.idempotent_id("8f5e9d0b-7b0d-4d9a-a4f2-6d0c1a3b5e48")
def test_an_interface_has_a_queue_for_each_vcpu(create: Create) -> None:
    network = create.network(cidr="198.51.100.0/24")
    server = create.server(vcpus=2, image_properties={"hw_vif_multiqueue_enabled": "true"}, networks=[network])
    (interface,) = server.domain.interfaces

    assert interface.queues == 2


@pytest.mark.idempotent_id("b1f6c9e3-0f7a-4f5e-8c5b-9a4d2e7f1c36")
def test_queues_are_as_long_as_configured(create: Create, own_host: Host, set_config: SetConfig) -> None:
    set_config(own_host, "nova-compute", {("libvirt", "rx_queue_size"): "512", ("libvirt", "tx_queue_size"): "512"})
    server = create.server(networks=[create.network(cidr="198.51.100.0/24")])
    (interface,) = server.domain.interfaces

    assert interface.rx_queue_size == 512
    # The kernel's vhost knows no length of the other direction, a switch in user space does.
    assert interface.tx_queue_size == (512 if interface.type in ("vhostuser", "vdpa") else None)
