"""Servers of a host that is lost are made anew on another, with all that was theirs."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_whitebox.core.databases import Databases
from pytest_whitebox.core.hosts import Host
from pytest_whitebox.create import Create
from pytest_whitebox.server import Server

pytestmark = [pytest.mark.requires("libvirt", computes=2), pytest.mark.usefixtures("alone"), pytest.mark.slow]

PLACED = "SELECT host, vm_state FROM instances WHERE uuid = :id"
NOVA = "SELECT attachment_id FROM block_device_mapping WHERE volume_id = :id AND deleted = 0"
CINDER = "SELECT id, attached_host, attach_status FROM volume_attachment WHERE volume_id = :id AND deleted = 0"


@pytest.mark.requires(microversion="2.95")
@pytest.mark.idempotent_id("38939f9c-28f7-4654-a924-3d3a072fff8b")
@pytest.mark.parametrize("named", [False, True], ids=["any host", "named host"])
def test_evacuated_server_stays_off_until_it_is_started(create: Create, database: Databases, named: bool) -> None:
    server = create.server()
    lost = server.host
    others = [host for host in create.cloud.hosts.computes if host is not lost]
    # Of two hosts there is one to go to: that the name is heeded shows from three on.
    evacuate(server, others[-1] if named else None)

    assert server.host in (others[-1:] if named else others)
    assert database.cell_of(server).row(PLACED, id=server.id) == (server.host.name, "stopped")
    assert domains(server.host, "--state-shutoff") >= {server.id}
    # When its host came back, Nova removed there what it had made anew elsewhere.
    assert server.id not in domains(lost, "--all")

    server.start()
    assert server.pid


@pytest.mark.idempotent_id("b2e9796d-f419-4a4b-adf9-a835e9dddad1")
def test_evacuated_server_runs_at_once_for_who_asks_as_before_2_95(create: Create, database: Databases) -> None:
    server = create.server()
    lost = server.host
    evacuate(server, microversion="2.94")

    assert server.host is not lost
    assert database.cell_of(server).row(PLACED, id=server.id) == (server.host.name, "active")
    assert domains(server.host, "--state-running") >= {server.id}
    assert server.id not in domains(lost, "--all")


@pytest.mark.requires("block-storage", microversion="2.95")
@pytest.mark.idempotent_id("73cf1122-895b-4520-bf0b-072feea2244d")
@pytest.mark.parametrize("boots", [False, True], ids=["attached", "boots from it"])
def test_evacuated_server_keeps_its_volume(create: Create, database: Databases, boots: bool) -> None:
    volume = create.volume(image=create.guest_image if boots else None)
    server = create.server(volume=volume if boots else None)
    if not boots:
        server.attach_volume(volume)
    lost, disk = server.host, disk_of(server, volume)
    assert disk is not None
    evacuate(server)
    nova, cinder = database.cell_of(server), database("cinder")

    assert server.host is not lost
    assert disk_of(server, volume) == disk
    assert cinder.row(CINDER, id=volume.id) == (
        nova.row(NOVA, id=volume.id).attachment_id, server.host.name, "attached",
    )  # fmt: skip

    server.start()
    assert volume.id in {found.serial for found in server.domain.disks.values()}


def evacuate(server: Server, host: Host | None = None, **options: Any) -> None:
    """Evacuate a server whose host has lost power; afterwards its host is up again."""
    lost = server.host
    with lost.service("nova-compute").down():
        lost.virsh("destroy", server.id)
        server.evacuate(host, **options)


def disk_of(server: Server, volume: Any) -> tuple[str, str] | None:
    """The place that a volume has among the disks of its server, also while that is off; None if it has none."""
    places = {disk.serial: (disk.target, disk.bus) for disk in server.inactive_domain.disks.values()}
    return places.get(volume.id)


def domains(host: Host, *which: str) -> set[str]:
    """Domains that the libvirt of a host has."""
    return set(host.virsh("list", "--uuid", *which).split())
