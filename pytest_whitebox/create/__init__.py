"""Verbs that make things in the cloud; each thing's undo is in the ledger before the thing exists."""

from __future__ import annotations

from pytest_whitebox.create import compute, dns, identity, key_manager, object_store, orchestration, storage
from pytest_whitebox.create import image as images
from pytest_whitebox.create import network as networks
from pytest_whitebox.create.maker import Maker

__all__ = ["Create"]


class Create(Maker):
    """``create.server(vcpus=2)``, ``create.volume(size=1)`` …: made for a test, module or session, removed after it."""

    server = compute.server
    flavor = compute.flavor
    keypair = compute.keypair
    server_group = compute.server_group
    aggregate = compute.aggregate

    image = images.image

    network = networks.network
    subnet = networks.subnet
    router = networks.router
    port = networks.port
    security_group = networks.security_group
    floating_ip = networks.floating_ip

    volume = storage.volume
    snapshot = storage.snapshot
    volume_type = storage.volume_type

    container = object_store.container
    user = identity.user
    secret = key_manager.secret
    zone = dns.zone
    stack = orchestration.stack
