"""SELinux confines each guest by a label of its own, which its process and its disk bear."""

from __future__ import annotations

import pytest

from pytest_whitebox.create import Create
from pytest_whitebox.server import Server

pytestmark = pytest.mark.requires("libvirt", "selinux")


@pytest.mark.idempotent_id("7e5c1a9d-6f3b-4a8e-9d2c-4b0f8e6a5c72")
def test_two_guests_have_labels_of_their_own(create: Create) -> None:
    one = create.server()
    other = create.server(same_host=one)

    assert label(one) != label(other)


@pytest.mark.idempotent_id("0c6e8a4b-3d7f-4c5a-b9e1-2f8d6c0a4e83")
def test_guest_is_confined_after_a_resize(create: Create) -> None:
    server = create.server()
    label(server)

    label(server.resize(create.flavor(ram=192)).confirm())


@pytest.mark.idempotent_id("96b2d8f4-7a0c-4e3d-8f5b-1c9e7a5d3b64")
@pytest.mark.requires(computes=2)
def test_guest_is_confined_after_a_live_migration(create: Create) -> None:
    server = create.server()
    label(server)

    label(server.live_migrate())


def label(server: Server) -> str:
    """The label of a guest, which its process must bear; and its disks must bear the one of its images."""
    labels = server.domain.security_labels["selinux"]
    process = server.host.run(["cat", f"/proc/{server.pid}/attr/current"]).stdout.strip("\0\n ")
    disks = [disk.source for disk in server.domain.disks.values() if disk.type == "file"]
    files = {server.host.run(["stat", "-c", "%C", str(path)]).stdout.strip() for path in disks}

    assert labels.label is not None
    assert process == labels.label
    assert type_of(labels.label) in ("svirt_t", "svirt_tcg_t")
    assert files == {labels.image_label}
    return labels.label


def type_of(context: str) -> str:
    """The type in a security context."""
    return context.split(":")[2]
