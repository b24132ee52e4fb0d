"""The MTU of a network is that of everything on a guest's way into it."""

from __future__ import annotations

import pytest

from pytest_whitebox.core.databases import Databases
from pytest_whitebox.core.databases.ovsdb import switch
from pytest_whitebox.create import Create

pytestmark = pytest.mark.requires("network", "libvirt", "ovn")

STORED = "SELECT mtu FROM networks WHERE id = :id"


@pytest.mark.smoke
@pytest.mark.idempotent_id("e5748855-bf9c-4986-9eb2-a98b08ed4bbb")
def test_mtu_of_the_network_reaches_guest_tap_and_switch(create: Create, database: Databases) -> None:
    network = create.network(mtu=1300, cidr="198.51.100.0/24")
    server = create.server(networks=[network])
    (interface,) = server.domain.interfaces
    tap, host = interface.target, server.host
    (plug,) = switch(host).find("Interface", {"name": str(tap)})

    assert database("neutron").row(STORED, id=network.id).mtu == 1300
    assert (interface.mtu, plug["mtu"]) == (1300, 1300)
    assert int(host.file(f"/sys/class/net/{tap}/mtu").content_string) == 1300
