"""Memory in huge pages: the guest has those that its flavor asks for, by libvirt, the kernel and Nova's database."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pytest_whitebox.core.databases import Databases, recorded_topology
from pytest_whitebox.core.hosts import Host, Hosts
from pytest_whitebox.create import Create
from pytest_whitebox.server import Server

pytestmark = [pytest.mark.requires("libvirt", "placement", hugepages="2M"), pytest.mark.slow]

#: Pages in KiB, as the domain and the database have them, by what a flavor asks for.
SIZES = {"large": None, "small": None, "2MB": 2048, "1GB": 1048576}
GIGABYTE = pytest.mark.requires(hugepages="1G")


@pytest.mark.parametrize(
    ("first", "second"),
    [("large", "small"), ("2MB", "small"), pytest.param("1GB", "small", marks=GIGABYTE),
     pytest.param("2MB", "1GB", marks=GIGABYTE)],
)  # fmt: skip
@pytest.mark.idempotent_id("d889cb69-f63a-422e-9d35-29129a428f4e")
def test_pages_follow_the_flavor_through_resizes(create: Create, database: Databases, first: str, second: str) -> None:
    flavors = {size: create.flavor(ram=1024, extra_specs={"hw:mem_page_size": size}) for size in (first, second)}
    server = create.server(flavor=flavors[first])
    assert_pages(database, server, first)

    for size in (second, first):
        server.resize(flavors[size]).confirm()
        assert_pages(database, server, size)


@pytest.mark.requires(computes=2, numa=2)
@pytest.mark.idempotent_id("d731e2a3-7858-4c98-b464-4d82dccde826")
def test_memory_moves_to_another_node_where_its_own_is_taken(create: Create, hosts: Hosts) -> None:
    here, there = hosts.computes[:2]
    free = min(pages(host, node, "free_hugepages") for host in (here, there) for node in (0, 1))
    flavor = create.flavor(ram=free * 2, extra_specs={"hw:numa_nodes": "1", "hw:mem_page_size": "2MB"})
    a, b = (create.server(flavor=flavor, host=host) for host in (here, there))

    b.live_migrate(here)
    assert page_sizes(b) == [2048]
    assert a.domain.numa.nodes | b.domain.numa.nodes == {0, 1}
    assert a.domain.numa.nodes.isdisjoint(b.domain.numa.nodes)


def assert_pages(database: Databases, server: Server, size: str) -> None:
    """The guest has pages of that size everywhere, and the kernel has given them."""
    recorded = recorded_topology(database, server)
    assert recorded is not None
    (cell,) = recorded.cells
    if size == "small":
        assert (page_sizes(server), cell.page_kib) == ([], 4)
        return
    assert page_sizes(server) == [cell.page_kib]
    assert cell.page_kib == (SIZES[size] or max(page_sizes(server)))
    assert cell.page_kib > 4
    assert in_huge_pages(server) >= server.domain.memory_kib


def page_sizes(server: Server) -> Sequence[int]:
    """The sizes of the pages that the domain asks for, in KiB."""
    return [pages.size_kib or 0 for pages in server.domain.memory_backing.huge_pages]


def in_huge_pages(server: Server) -> int:
    """How much of QEMU's memory the kernel has given as huge pages, in KiB."""
    status = server.host.run(["cat", f"/proc/{server.pid}/status"]).stdout
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("HugetlbPages:"))


def pages(host: Host, node: int, which: str) -> int:
    """How many pages of 2 MiB a NUMA node of a host has."""
    file = f"/sys/devices/system/node/node{node}/hugepages/hugepages-2048kB/{which}"
    return int(host.file(file).content_string)
