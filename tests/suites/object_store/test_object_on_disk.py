"""An object is on the devices that its ring says, byte for byte, and leaves a tombstone there when it is deleted."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from posixpath import dirname
from typing import Any

import pytest

from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.hosts import Hosts
from pytest_whitebox.core.services import Service
from pytest_whitebox.core.transports import Transport
from pytest_whitebox.core.wait import wait_for
from pytest_whitebox.create import Create

pytestmark = pytest.mark.requires("object-store")

CONTENT = bytes(range(256)) * 16
#: swift-get-nodes tells where the ring has an object.
NODES = 'PATH="$1:$PATH"; shift; exec swift-get-nodes /etc/swift/object.ring.gz "$@"'
DEVICE = re.compile(r"^Server:Port Device\s+(\S+):\d+ (\S+)$", re.MULTILINE)
PLACE = re.compile(r"(objects/\d+/[0-9a-f]{3}/[0-9a-f]{32})\"", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Replica:
    """One copy of an object: its place on a device of a host, on which ``root`` holds the devices."""

    device: str
    place: str
    root: str
    way: Transport

    @property
    def folder(self) -> str:
        """Where the object is on this device."""
        return f"{self.root}/{self.device}/{self.place}"

    @property
    def beside(self) -> set[str]:
        """The devices of the same host that have something in this place."""
        said = self.way.run(["sh", "-c", 'cd "$1" && ls -d */"$2" 2>/dev/null || :', "sh", self.root, self.place])
        return {line.partition("/")[0] for line in said.stdout.split()}

    @property
    def files(self) -> list[str]:
        """The files of the object on this device."""
        said = self.way.run(["sh", "-c", 'ls "$1" 2>/dev/null || :', "sh", self.folder])
        return said.stdout.split()

    @property
    def content(self) -> bytes:
        """The bytes of the object on this device."""
        (name,) = (file for file in self.files if file.endswith(".data"))
        return self.way.read(f"{self.folder}/{name}")


@pytest.mark.smoke
@pytest.mark.idempotent_id("3ff89621-f06c-48d2-a299-7f5e6097fbfe")
def test_object_is_on_the_devices_of_its_ring_and_on_no_other(cloud: Cloud, create: Create, hosts: Hosts) -> None:
    container = create.container()
    store: Any = cloud.connection.object_store
    made = store.upload_object(container=container, name="seen", data=CONTENT)
    replicas = list(replicas_of(cloud, hosts, container, "seen"))

    assert len({(replica.way.name, replica.device) for replica in replicas}) == len(replicas) >= 1
    wait_for(lambda: all(replica.files for replica in replicas), timeout=60, every=0.5, what="all replicas")
    for replica in replicas:
        assert replica.beside == {other.device for other in replicas if other.way.name == replica.way.name}
        assert replica.content == CONTENT
        assert made.etag.strip('"') == hashlib.md5(replica.content, usedforsecurity=False).hexdigest()


@pytest.mark.idempotent_id("bf93edc0-658d-4a1f-80da-6ec148323c1a")
def test_object_is_read_from_the_last_device_that_has_it(cloud: Cloud, create: Create, hosts: Hosts) -> None:
    store, container = cloud.connection.object_store, create.container()
    store.upload_object(container=container, name="kept", data=CONTENT)
    *others, last = replicas_of(cloud, hosts, container, "kept")
    if not others:
        pytest.skip("needs a ring with several replicas: see `swift-ring-builder object.builder set_replicas`")
    for replica in others:
        replica.way.run(["rm", "-r", "--", replica.folder])

    assert [replica.files for replica in others] == [[]] * len(others)
    assert store.download_object("kept", container=container) == last.content == CONTENT


@pytest.mark.idempotent_id("0f1d33c2-ea6a-433b-83d5-80445574d671")
def test_deleted_object_leaves_tombstones_and_no_data(cloud: Cloud, create: Create, hosts: Hosts) -> None:
    store, container = cloud.connection.object_store, create.container()
    store.upload_object(container=container, name="gone", data=CONTENT)
    replicas = list(replicas_of(cloud, hosts, container, "gone"))
    assert [name.rpartition(".")[2] for name in replicas[0].files] == ["data"]

    store.delete_object("gone", container=container)
    for replica in replicas:
        assert [name.rpartition(".")[2] for name in replica.files] == ["ts"]


def replicas_of(cloud: Cloud, hosts: Hosts, container: str, name: str) -> Iterator[Replica]:
    """Where Swift's own ring says that an object is."""
    account = str(cloud.connection.object_store.get_endpoint()).rpartition("/")[2]
    told = nodes(hosts, account, container, name)
    (place,) = set(PLACE.findall(told))
    for address, device in DEVICE.findall(told):
        service = server_at(hosts, address)
        yield Replica(device, place, service.config.get("DEFAULT", "devices") or "/srv/node", service.inside)


def nodes(hosts: Hosts, *words: str) -> str:
    """What swift-get-nodes says, on a host that has the rings."""
    for host in hosts.running("swift-proxy"):
        service = host.service("swift-proxy")
        main = service.main
        if main is not None:
            argv = service.inside.run(["cat", f"/proc/{main.pid}/cmdline"]).stdout.split("\0")
            program = next(word for word in argv if word.endswith("swift-proxy-server"))
            return service.inside.run(["sh", "-c", NODES, "sh", dirname(program), *words]).stdout
    raise StackproofError("no proxy of Swift runs on any host", hint="see `swift-init status`")


def server_at(hosts: Hosts, address: str) -> Service:
    """The object server of the host that has an address of the ring."""
    for host in hosts.running("swift-object"):
        if address in host.run(["hostname", "-I"]).stdout.split():
            return host.service("swift-object")
    raise StackproofError(f"no host has the address {address} of Swift's ring", hint="give it in the inventory")
