"""The metadata service of a network: a proxy on each host that has guests in it, and on no other."""

from __future__ import annotations

import pytest

from pytest_whitebox.core.databases.ovsdb import Ovn
from pytest_whitebox.core.hosts import Host
from pytest_whitebox.core.wait import wait_for
from pytest_whitebox.create import Create

from .conftest import Plugged, plug

pytestmark = pytest.mark.requires("network", "libvirt", "ovn")


@pytest.mark.smoke
@pytest.mark.idempotent_id("85f885cc-f184-4e4d-876f-28e82b7f39ed")
def test_proxy_listens_where_the_guest_is(ovn: Ovn, plugged: Plugged) -> None:
    host, space = plugged.server.host, namespace(plugged)
    own = [
        port for port in ovn.south.find("Port_Binding", {"type": "localport"}) if is_for(port["external_ids"], plugged)
    ]

    assert len(own) == 1
    wait_until_it_listens(plugged)
    assert (
        plugged.subnet.cidr.partition("/")[0].rpartition(".")[0] in host.run(["ip", "-n", space, "-4", "addr"]).stdout
    )


@pytest.mark.idempotent_id("ad08bc73-7eb5-4b30-902f-dab2b1fddf17")
def test_proxy_goes_with_the_last_guest(create: Create, ovn: Ovn) -> None:
    plugged = plug(create)
    host, compute = plugged.server.host, create.cloud.connection.compute
    wait_until_it_listens(plugged)

    compute.delete_server(plugged.server.id)
    wait_for(
        lambda: namespace(plugged) not in namespaces(host),
        timeout=90, every=0.5, what=f"{namespace(plugged)} to be gone from {host.name}",
        hint="see the log of neutron-ovn-metadata-agent there",
    )  # fmt: skip
    assert plugged.network.id not in host.run(["ps", "-eo", "args="]).stdout


def wait_until_it_listens(plugged: Plugged) -> None:
    """The agent of the host makes the proxy while the guest boots already."""
    host, listening = plugged.server.host, ["ip", "netns", "exec", namespace(plugged), "ss", "-Hltn"]
    wait_for(
        lambda: "169.254.169.254:80" in host.run(listening, check=False).stdout.split(),
        timeout=60, every=0.5, what=f"the metadata proxy in {namespace(plugged)} to listen on {host.name}",
        hint="see the log of neutron-ovn-metadata-agent there",
    )  # fmt: skip


def is_for(external_ids: dict[str, str], plugged: Plugged) -> bool:
    """True for the port of the network's metadata service."""
    return external_ids.get("neutron:network_name") == f"neutron-{plugged.network.id}"


def namespace(plugged: Plugged) -> str:
    """Where the proxy of a network lives."""
    return f"ovnmeta-{plugged.network.id}"


def namespaces(host: Host) -> list[str]:
    """The network namespaces of a host."""
    return [line.split()[0] for line in host.run(["ip", "netns", "list"]).stdout.splitlines() if line.strip()]
