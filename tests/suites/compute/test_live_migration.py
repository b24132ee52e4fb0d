"""Volumes of a server that moves while it runs."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_whitebox.core.databases import Databases
from pytest_whitebox.create import Create
from pytest_whitebox.server import Server

pytestmark = [pytest.mark.requires("libvirt", "block-storage", computes=2), pytest.mark.slow]

ATTACHED = "SELECT attached_host, attach_status FROM volume_attachment WHERE volume_id = :id AND deleted = 0"


@pytest.mark.idempotent_id("4f2d763b-9d15-4aa3-8179-db8ef091fee0")
def test_volumes_follow_their_server_as_the_disks_that_they_were(create: Create, database: Databases) -> None:
    boot, data = create.volume(image=create.guest_image), create.volume()
    server = create.server(volume=boot)
    server.attach_volume(data)
    before, disks = server.host, disks_of(server)
    assert {disk["serial"] for disk in disks.values()} == {boot.id, data.id}

    server.live_migrate()
    assert server.host is not before
    assert disks_of(server) == disks
    assert server.id not in before.virsh("list", "--all", "--uuid").split()
    for volume in (boot, data):
        assert database("cinder").row(ATTACHED, id=volume.id) == (server.host.name, "attached")


def disks_of(server: Server) -> dict[str, dict[str, Any]]:
    """What must not change of each disk; where a host finds its bytes may."""
    facts = ("serial", "bus", "format", "cache", "io", "discard", "address")
    return {disk.target: {fact: getattr(disk, fact) for fact in facts} for disk in server.domain.disks.values()}
