"""An upgrade that changes the things of its users: ``python -m tests.acceptance.tampering``, on the cloud of OS_CLOUD.

No other run may have things on it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import openstack

from tests.cloud.devcloud import Devcloud

_SPOIL = 'printf tampered | dd of="$(ls /var/lib/cinder/mnt/*/volume-{0})" bs=1M seek=1 conv=notrunc'


def main() -> None:
    """Delete an image, change a network, write into a volume behind its guest, reboot the guest."""
    devcloud, cloud = Devcloud.from_environment(), openstack.connect(cloud=os.environ["OS_CLOUD"])
    api: Any = cloud
    server = _named(api.compute.servers(all_projects=True), "server-web")
    volume = _named(api.block_storage.volumes(all_projects=True), "volume-data")

    api.image.delete_image(_named(api.image.images(), "image-noise"))
    api.network.update_network(_named(api.network.networks(), "network-web"), mtu=1300)
    devcloud("ssh", "controller", "sh", "-c", f"'{_SPOIL.format(volume.id)}'")
    api.compute.reboot_server(server, "HARD")
    api.compute.wait_for_server(server, status="ACTIVE", wait=300)


def _named(found: Iterable[Any], name: str) -> Any:
    (one,) = (one for one in found if one.name.startswith("pu-") and one.name.endswith(name))
    return one


if __name__ == "__main__":
    main()
