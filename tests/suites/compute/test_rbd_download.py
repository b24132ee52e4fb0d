"""An image that lies in Ceph comes to a host's own disk straight from there."""

from __future__ import annotations

import pytest

from pytest_whitebox.core.hosts import Host, Hosts
from pytest_whitebox.create import Create
from pytest_whitebox.fixtures import SetConfig

pytestmark = pytest.mark.requires("libvirt", "image")


@pytest.fixture
def host(hosts: Hosts) -> Host:
    """A compute host that downloads images from Ceph by itself."""
    able = [host for host in hosts.computes if host.service("nova-compute").config.get("glance", "enable_rbd_download")]
    if not able:
        pytest.skip("no compute host downloads images from Ceph: set [glance] enable_rbd_download and rbd_pool there")
    return able[0]


@pytest.mark.idempotent_id("38d4f6a0-5c2e-4b8d-9a7f-6e1c3b5d9f85")
def test_image_comes_from_ceph_to_a_local_disk(create: Create, host: Host, set_config: SetConfig) -> None:
    set_config(host, "nova-compute", {("libvirt", "images_type"): "qcow2"})
    service, image = host.service("nova-compute"), create.image()
    mark = service.log_mark()
    server = create.server(image=image, host=host)

    assert exported(service.log_since(mark), image.id)
    assert [disk.type for disk in server.domain.disks.values()] == ["file"]


def exported(log: str, image: str) -> bool:
    """True if nova-compute says that it took an image out of Ceph (nova/storage/rbd_utils.py)."""
    return any("Attempting to export RBD image" in line and image in line for line in log.splitlines())
