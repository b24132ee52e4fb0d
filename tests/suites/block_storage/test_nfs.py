"""Volumes and snapshots as files of an NFS backend."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.hosts import Host, Hosts
from pytest_whitebox.core.wait import wait_for
from pytest_whitebox.create import Create

pytestmark = pytest.mark.requires("block-storage", volumes="nfs")


@pytest.fixture
def backend(hosts: Hosts) -> Host:
    """The host that has the shares mounted."""
    return hosts.running("cinder-volume")[0]


@pytest.mark.smoke
@pytest.mark.idempotent_id("eb90eedb-86bf-4b0d-ad2c-afad1d31a604")
def test_snapshot_freezes_the_file_and_goes_without_a_trace(cloud: Cloud, create: Create, backend: Host) -> None:
    volume = create.volume()
    (frozen,) = images(backend, volume)
    snapshot = create.snapshot(volume)
    (active,) = set(images(backend, volume)) - {frozen}

    assert active == f"{frozen}.{snapshot.id}"
    assert backend.qemu_img(active).backing == frozen

    remove(cloud, snapshot)
    assert images(backend, volume) == [frozen]


@pytest.mark.idempotent_id("eea43824-bf44-4ec3-9120-9ed04e786c6b")
def test_volume_of_a_snapshot_has_the_bytes_of_that_moment(create: Create, backend: Host) -> None:
    volume = create.volume(image=create.guest_image)
    (frozen,) = images(backend, volume)
    copy = create.volume(snapshot=create.snapshot(volume))
    (other,) = images(backend, copy)

    compared = backend.run(["qemu-img", "compare", frozen, other], check=False, timeout=120)
    assert compared.ok, compared.stdout
    assert backend.qemu_img(other).backing == ""


@pytest.mark.idempotent_id("3f20152f-f698-497a-b8f8-e272c231f63b")
def test_deleted_volume_leaves_no_file(cloud: Cloud, create: Create, backend: Host) -> None:
    storage, volume = cloud.connection.block_storage, create.volume()
    assert len(images(backend, volume)) == 1

    storage.delete_volume(volume)
    wait_for(lambda: not any(one.id == volume.id for one in storage.volumes()), timeout=60, what="the volume to go")
    assert images(backend, volume) == []


def images(backend: Host, volume: Any) -> list[str]:
    """The images that belong to a volume, its own first."""
    base = backend.service("cinder-volume").config.get("nfs", "nfs_mount_point_base") or "/var/lib/cinder/mnt"
    found = backend.run(["find", base, "-name", f"volume-{volume.id}*", "-not", "-name", "*.info"]).stdout
    return sorted(found.split())


def remove(cloud: Cloud, snapshot: Any) -> None:
    """Delete a snapshot and wait until it is gone."""
    storage = cloud.connection.block_storage
    storage.delete_snapshot(snapshot)
    wait_for(lambda: not any(one.id == snapshot.id for one in storage.snapshots()), timeout=60, what="it to be gone")
