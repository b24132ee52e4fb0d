"""Cinder's volumes, who they are attached to, and what their backend keeps: none without the other."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_whitebox.core.databases import Databases
from pytest_whitebox.core.hosts import Host, Hosts
from pytest_whitebox.core.lasting import lasting
from pytest_whitebox.core.orphans.block_storage import VOLUME, kept, without_volume
from pytest_whitebox.create import Create
from pytest_whitebox.server import Server

from .conftest import on_each

pytestmark = pytest.mark.requires("block-storage", "libvirt")

ATTACHED = """
    SELECT volume_id, instance_uuid FROM volume_attachment
    WHERE deleted = 0 AND instance_uuid IS NOT NULL AND attach_status IN ('attached', 'attaching', 'reserved')
"""
KNOWN_TO_CINDER = "SELECT volume_id, instance_uuid FROM volume_attachment WHERE deleted = 0"
KNOWN_TO_NOVA = """
    SELECT b.volume_id, b.instance_uuid FROM block_device_mapping b JOIN instances i ON i.uuid = b.instance_uuid
    WHERE b.deleted = 0 AND i.deleted = 0 AND b.destination_type = 'volume' AND b.volume_id IS NOT NULL
"""

#: A volume, and the server that it is attached to.
Attachments = set[tuple[str, str]]


@pytest.fixture(scope="module")
def attached(module_create: Create, well: Server) -> Any:
    """A volume of the server that is well."""
    volume = module_create.volume(size=1)
    well.attach_volume(volume)
    return volume


@pytest.mark.smoke
@pytest.mark.idempotent_id("16b2f9fb-ab3a-40d3-93b5-8c12b6ecde27")
def test_each_attachment_has_its_server(hosts: Hosts, database: Databases, well: Server, attached: Any) -> None:
    assert (attached.id, well.id) in in_cinder(database, ATTACHED)

    assert not lasting(lambda: in_cinder(database, ATTACHED) - in_nova(hosts, database))


@pytest.mark.idempotent_id("21ceb772-7fb2-434d-a0d6-50f9ff8c7bd5")
def test_each_volume_of_a_server_is_attached_to_it(
    hosts: Hosts, database: Databases, well: Server, attached: Any
) -> None:
    assert (attached.id, well.id) in in_nova(hosts, database)

    assert not lasting(lambda: in_nova(hosts, database) - in_cinder(database, KNOWN_TO_CINDER))


@pytest.mark.idempotent_id("7200cb80-fc49-4bdd-a3c8-7136df71dba9")
def test_backend_keeps_nothing_but_volumes(hosts: Hosts, database: Databases, attached: Any) -> None:
    if not any(attached.id in kept(host) for host in hosts.running("cinder-volume")):
        pytest.skip("needs a backend of LVM, or of files that are mounted on the host of cinder-volume")

    assert not lasting(lambda: without_volume(hosts, database))


@pytest.mark.requires(volumes="lvm")
@pytest.mark.idempotent_id("8ea1cc76-df65-4be5-bdb3-f2e759f34f63")
def test_each_iscsi_session_is_of_a_volume_that_the_host_needs(hosts: Hosts, well: Server, attached: Any) -> None:
    if attached.id not in sessions(well.host):
        pytest.skip("needs volumes that come to the hosts by iSCSI: [lvm] target_protocol of cinder-volume")

    def left(host: Host) -> set[str]:
        domains = [host.domain(uuid) for uuid in host.virsh("list", "--all", "--uuid").split()]
        return sessions(host) - {disk.serial for domain in domains for disk in domain.disks.values()}

    assert not lasting(on_each(hosts.computes, left))


def in_cinder(database: Databases, query: str) -> Attachments:
    """What is attached to what, by Cinder."""
    return {(row.volume_id, row.instance_uuid) for row in database("cinder").rows(query)}


def in_nova(hosts: Hosts, database: Databases) -> Attachments:
    """What is attached to what, by Nova."""
    cells = {database.cell_of_host(host.name) for host in hosts.computes}
    return {(row.volume_id, row.instance_uuid) for cell in cells for row in cell.rows(KNOWN_TO_NOVA)}


def sessions(host: Host) -> set[str]:
    """The volumes that a host is connected to by iSCSI."""
    return set(VOLUME.findall(host.run(["iscsiadm", "-m", "session"], check=False).stdout))
