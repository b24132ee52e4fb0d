"""A guest with a volume and a floating IP, as a project's own member makes it, and what proves that it is well."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_whitebox.core.command import run
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.wait import wait_for

_NAME = "acceptance"
_CLOUD = "devcloud-alpha"
_MARK = "written before the first cycle"
_TIMEOUT = 180


@dataclass(frozen=True)
class Guest:
    """The guest, and the folder with the key that opens it."""

    cloud: Any
    folder: Path
    server: str
    volume: str
    address: str

    def well(self) -> str:
        """What proves that it is well, in words; raises `StackproofError` if it is not within three minutes."""
        self._wait(lambda: self.cloud.compute.get_server(self.server).status == "ACTIVE", "the guest to be ACTIVE")
        volume = self.cloud.block_storage.get_volume(self.volume)
        if volume.status != "in-use":
            raise StackproofError(
                f"the volume is {volume.status}, not in-use", hint="see `devcloud logs cinder-volume`"
            )
        self._wait(lambda: self.ssh("true").ok, "the guest to let us in through its floating IP")
        if _MARK not in self.ssh(f"head -c {len(_MARK)} {self._disk}").stdout:
            raise StackproofError("the volume has lost what was written to it", hint="see `devcloud logs nova-compute`")
        return "ACTIVE, volume in-use with its data, SSH by floating IP"

    def mark(self) -> None:
        """Write to the volume what is read again later."""
        self._wait(lambda: self.ssh("true").ok, "the guest to let us in through its floating IP")
        self._wait(lambda: self.ssh(f"test -b {self._disk}").ok, "the volume to be seen in the guest")
        if not self.ssh(f"printf '%s' '{_MARK}' | dd of={self._disk} conv=fsync,notrunc").ok:
            raise StackproofError("the volume cannot be written in the guest", hint="see the guest's console log")

    def ssh(self, command: str) -> Any:
        """Run a command in the guest; its host key is the one that its console shows."""
        known = self.folder / "known_hosts"
        if not known.exists():
            key = self._wait(self._host_key, "the guest's host key on its console")
            known.write_text(f"{self.address} {key}\n")
        options = ["BatchMode=yes", f"UserKnownHostsFile={known}", "StrictHostKeyChecking=yes", "ConnectTimeout=10"]
        words = [word for option in options for word in ("-o", option)]
        return run(["ssh", *words, "-i", str(self.folder / "key"), f"root@{self.address}", command], check=False)

    @property
    def _disk(self) -> str:
        return f"/dev/disk/by-id/virtio-{self.volume[:20]}"

    def _host_key(self) -> str:
        shown = self.cloud.compute.get_server_console_output(self.server)["output"]
        found = re.findall(r"^(ssh-ed25519 \S+)", shown, re.MULTILINE)
        return found[-1] if found else ""

    def _wait(self, condition: Any, what: str) -> Any:
        return wait_for(condition, timeout=_TIMEOUT, every=1, what=what, hint="see its console log")


@contextmanager
def guest(clouds: Path, folder: Path) -> Iterator[Guest]:
    """Make the guest and all it needs; delete all of it afterwards, last made first."""
    from openstack.config import OpenStackConfig
    from openstack.connection import Connection

    cloud: Any = Connection(config=OpenStackConfig(config_files=[str(clouds)]).get_one(cloud=_CLOUD))
    with ExitStack() as undo:
        made = _make(cloud, folder, undo)
        made.mark()
        yield made


def _make(cloud: Any, folder: Path, undo: ExitStack) -> Guest:
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "key")])
    key = cloud.compute.create_keypair(name=_NAME, public_key=(folder / "key.pub").read_text())
    undo.callback(cloud.compute.delete_keypair, key)
    group = cloud.network.create_security_group(name=_NAME)
    undo.callback(cloud.network.delete_security_group, group)
    cloud.network.create_security_group_rule(
        security_group_id=group.id, direction="ingress", protocol="tcp", port_range_min=22, port_range_max=22
    )
    cloud.network.create_security_group_rule(security_group_id=group.id, direction="ingress", protocol="icmp")
    network = cloud.network.find_network("shared", ignore_missing=False)
    port = cloud.network.create_port(network_id=network.id, security_group_ids=[group.id])
    undo.callback(cloud.network.delete_port, port)
    server = cloud.compute.create_server(
        name=_NAME,
        flavor_id=cloud.compute.find_flavor("tiny", ignore_missing=False).id,
        image_id=cloud.image.find_image("guest", ignore_missing=False).id,
        networks=[{"port": port.id}],
        key_name=_NAME,
    )
    undo.callback(cloud.compute.wait_for_delete, server, wait=_TIMEOUT)
    undo.callback(cloud.compute.delete_server, server)
    cloud.compute.wait_for_server(server, wait=_TIMEOUT)
    return Guest(cloud, folder, server.id, _volume(cloud, server, undo), _address(cloud, port, undo))


def _volume(cloud: Any, server: Any, undo: ExitStack) -> str:
    volume = cloud.block_storage.create_volume(name=_NAME, size=1)
    undo.callback(cloud.block_storage.wait_for_delete, volume, wait=_TIMEOUT)
    undo.callback(cloud.block_storage.delete_volume, volume)
    cloud.block_storage.wait_for_status(volume, "available", wait=_TIMEOUT)
    cloud.compute.create_volume_attachment(server, volume_id=volume.id)
    undo.callback(cloud.block_storage.wait_for_status, volume, "available", wait=_TIMEOUT)
    undo.callback(cloud.compute.delete_volume_attachment, server, volume.id)
    cloud.block_storage.wait_for_status(volume, "in-use", wait=_TIMEOUT)
    return str(volume.id)


def _address(cloud: Any, port: Any, undo: ExitStack) -> str:
    public = cloud.network.find_network("public", ignore_missing=False)
    address = cloud.network.create_ip(floating_network_id=public.id, port_id=port.id)
    undo.callback(cloud.network.delete_ip, address)
    return str(address.floating_ip_address)
