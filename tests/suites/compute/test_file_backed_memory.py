"""Guests whose memory is a file of their host, as ``[libvirt] file_backed_memory`` of nova-compute has it."""

from __future__ import annotations

import pytest

from pytest_whitebox.core.hosts import Hosts
from pytest_whitebox.create import Create
from pytest_whitebox.fixtures import SetConfig
from pytest_whitebox.server import Server, ServerError

pytestmark = [pytest.mark.requires("libvirt", computes=2), pytest.mark.slow]

#: MiB that a host gives to guests so, none of them twice.
IN_FILES = {("libvirt", "file_backed_memory"): "4096", ("DEFAULT", "ram_allocation_ratio"): "1.0"}


@pytest.mark.idempotent_id("e0d24dd5-e596-4122-b2b2-8da0c5c2e2cb")
def test_memory_is_a_file_wherever_the_guest_goes(create: Create, hosts: Hosts, set_config: SetConfig) -> None:
    set_config(hosts.computes, "nova-compute", IN_FILES)
    server = create.server(ram=128)
    first = server.host
    assert_in_a_file(server)

    server.live_migrate()
    assert server.host is not first
    assert_in_a_file(server)

    server.resize(create.flavor(ram=192)).confirm()
    assert server.domain.memory_kib == 192 << 10
    assert_in_a_file(server)


@pytest.mark.idempotent_id("27a7b382-3a1a-4be7-9010-9017fcbda7e8")
def test_guest_with_plain_memory_cannot_go_live_to_a_host_that_has_it_in_files(
    create: Create, hosts: Hosts, set_config: SetConfig
) -> None:
    here, there = hosts.computes[:2]
    server = create.server(host=here)
    before, pid = server.domain, server.pid
    restore = set_config(there, "nova-compute", IN_FILES)

    with pytest.raises(ServerError, match="live-migration"):
        server.live_migrate(there)
    assert server.refresh().host is here
    assert (server.domain, server.pid) == (before, pid)
    assert server.id not in there.virsh("list", "--all", "--uuid").split()

    # Nothing else was in its way.
    restore()
    assert server.live_migrate(there).host is there


def assert_in_a_file(server: Server) -> None:
    """libvirt was asked for memory in a file, and QEMU shares all of its guest's memory with one."""
    domain = server.domain
    backing = domain.memory_backing
    assert (backing.source, backing.access, backing.allocation) == ("file", "shared", "immediate")
    assert domain.memory_kib in shared_files(server)


def shared_files(server: Server) -> list[int]:
    """The sizes in KiB of the files that QEMU shares its memory with, by the kernel's map of it."""
    lines = (line.split(None, 5) for line in server.host.run(["cat", f"/proc/{server.pid}/maps"]).stdout.splitlines())
    ranges = (words[0].split("-") for words in lines if words[1] == "rw-s" and words[5:] and words[5].startswith("/"))
    return [(int(end, 16) - int(start, 16)) >> 10 for start, end in ranges]
