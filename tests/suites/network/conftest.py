"""A guest with a port, and the databases of OVN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from pytest_whitebox.core.databases.ovsdb import Ovn
from pytest_whitebox.core.hosts import Hosts
from pytest_whitebox.create import Create
from pytest_whitebox.server import Server

CIDR = "198.51.100.0/24"


@dataclass(frozen=True, slots=True)
class Plugged:
    """A server, and the one port that it has; nothing is let in but what a test lets in."""

    server: Server
    port: Any
    network: Any
    subnet: Any
    group: Any


@pytest.fixture(scope="session")
def ovn(hosts: Hosts) -> Ovn:
    """What OVN has been told by Neutron, and has told the hosts."""
    return Ovn.discover(hosts)


@pytest.fixture(scope="module")
def plugged(module_create: Create) -> Plugged:
    """A server with a port, for all tests of a module that leave both as they are."""
    return plug(module_create)


def plug(create: Create) -> Plugged:
    """Make a server with a port in a network of its own."""
    network, group = create.network(), create.security_group()
    subnet = create.subnet(network, cidr=CIDR)
    port = create.port(network, security_groups=[group.id])
    return Plugged(create.server(networks=[port]), port, network, subnet, group)
