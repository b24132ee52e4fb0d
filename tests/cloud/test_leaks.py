"""What a real run leaves in a real cloud goes back to its tests, whichever library they used, and goes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from devcloud.state import State
from pytest_cleanup.fixups.doing import do
from pytest_cleanup.fixups.servers import STUCK_DELETING
from pytest_cleanup.fixups.volumes import STUCK_ATTACHING
from pytest_cleanup.resource import Resource
from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.clouds import named
from pytest_whitebox.core.databases.repair import Statement, repair
from pytest_whitebox.core.wait import wait_for
from pytest_whitebox.create import Create
from tests.cloud.conftest import Program

LEAKS = """
import os

import openstack
import pytest
import yaml


def leave(connection, name):
    image = next(image for image in connection.image.images() if image.status == "active")
    flavors = [flavor for flavor in connection.compute.flavors() if flavor.ram >= 128 and flavor.disk >= 1]
    flavor = min(flavors, key=lambda flavor: flavor.ram)
    connection.compute.create_server(name=f"{name}-server", image_id=image.id, flavor_id=flavor.id, networks="none")
    connection.block_storage.create_volume(size=1, name=f"{name}-volume")
    connection.compute.create_keypair(name=f"{name}-keypair")


def test_connection_of_the_fixture(cloud):
    leave(cloud.connection, "PREFIX-fixture")


def test_connection_of_its_own():
    leave(openstack.connect(cloud="devcloud-alpha"), "PREFIX-sdk")


def test_clients_of_tempest():
    auth = pytest.importorskip("tempest.lib.auth")
    from tempest.lib.services.compute.flavors_client import FlavorsClient
    from tempest.lib.services.compute.keypairs_client import KeyPairsClient
    from tempest.lib.services.compute.servers_client import ServersClient
    from tempest.lib.services.image.v2.images_client import ImagesClient
    from tempest.lib.services.volume.v3.volumes_client import VolumesClient

    with open(os.environ["OS_CLIENT_CONFIG_FILE"]) as file:
        entry = yaml.safe_load(file)["clouds"]["devcloud-beta"]
    url = entry["auth"].pop("auth_url")
    provider = auth.KeystoneV3AuthProvider(auth.KeystoneV3Credentials(**entry["auth"]), url)
    where = {"region": entry["region_name"]}
    image = ImagesClient(provider, "image", **where).list_images()["images"][0]
    flavors = FlavorsClient(provider, "compute", **where).list_flavors(detail=True)["flavors"]
    fitting = [flavor for flavor in flavors if flavor["ram"] >= 128 and flavor["disk"] >= 1]
    flavor = min(fitting, key=lambda flavor: flavor["ram"])
    servers = ServersClient(provider, "compute", **where)
    servers.create_server(name="PREFIX-tempest-server", imageRef=image["id"], flavorRef=flavor["id"])
    VolumesClient(provider, "block-storage", **where).create_volume(size=1, name="PREFIX-tempest-volume")
    KeyPairsClient(provider, "compute", **where).create_keypair(name="PREFIX-tempest-keypair")
"""
PREFIX = "sp-leaks"
OPTIONS = ("--os-cloud", "devcloud", "-p", "no:cacheprovider")
PLUGS = """
def test_forgets_a_plug(hosts):
    plug = ["set", "Interface", "sp-left", "type=internal", "external_ids:iface-id=PORT"]
    hosts.computes[0].run(["ovs-vsctl", "add-port", "br-int", "sp-left", "--", *plug])
"""


@pytest.fixture
def cloud_of(state: State) -> Iterator[Cloud]:
    """The cloud as its administrator, with the way to its hosts."""
    with Cloud.connect(
        named("devcloud", "a test", state.clouds_yaml), state.clouds_yaml.parent / "ssh_config"
    ) as cloud:
        yield cloud


def ours(connect: Callable[[str], Any]) -> set[str]:
    """What is in the cloud of what the tests below made."""
    names = []
    for name in ("devcloud", "devcloud-alpha", "devcloud-beta"):
        connection = connect(name)
        listed = (connection.compute.servers(), connection.block_storage.volumes(), connection.compute.keypairs())
        names += [one.name for listing in listed for one in listing]
    return {name for name in names if name.startswith(PREFIX)}


@pytest.mark.slow
def test_leaks_of_three_libraries_go_back_to_their_tests_and_go(
    tmp_path: Path, program: Program, connect: Callable[[str], Any]
) -> None:
    (tmp_path / "test_it.py").write_text(LEAKS.replace("PREFIX", PREFIX))
    result = program("pytest", *OPTIONS, "--cleanup=preserve", "-n", "2", "test_it.py")
    told = json.loads((tmp_path / ".stackproof" / "runs" / "latest" / "leaks.json").read_text())
    by_name = {leak["name"]: leak["attribution"]["nodeid"] for leak in told["leaks"] if leak.get("name")}
    ways = {"fixture": "connection_of_the_fixture", "sdk": "connection_of_its_own", "tempest": "clients_of_tempest"}

    assert " failed" not in result.stdout
    tried = ways if "skipped" not in result.stdout else {way: ways[way] for way in ("fixture", "sdk")}
    assert by_name == {
        f"{PREFIX}-{way}-{kind}": f"test_it.py::test_{test}"
        for way, test in tried.items() for kind in ("server", "volume", "keypair")
    }  # fmt: skip
    assert ours(connect) == set()


def test_what_is_left_behind_the_apis_is_told(tmp_path: Path, program: Program, cloud_of: Cloud) -> None:
    port = str(uuid4())
    (tmp_path / "test_it.py").write_text(PLUGS.replace("PORT", port))
    host = cloud_of.hosts.computes[0]
    try:
        result = program("pytest", *OPTIONS, "--cleanup=report", "test_it.py")
        assert f"behind the APIs: plug of port {port} on {host.name}" in result.stdout
    finally:
        host.run(["ovs-vsctl", "--if-exists", "del-port", "br-int", "sp-left"])


def test_server_stuck_deleting_is_written_off(create: Create, cloud_of: Cloud, tmp_path: Path) -> None:
    server = create.server()
    databases, id = cloud_of.databases, {"id": server.id}
    repair(
        databases.cell_of(server),
        [Statement("instances", "task_state = 'deleting'", "uuid = :id", id)], lambda *_: None,
    )  # fmt: skip
    compute: Any = create.connection.compute
    compute.delete_server(server.id)
    assert compute.get_server(server.id).task_state == "deleting"

    do(STUCK_DELETING, Resource("server", server.id), databases, tmp_path)
    wait_for(lambda: not [one for one in compute.servers() if one.id == server.id], timeout=30, what="it to be gone")
    (kept,) = tmp_path.iterdir()
    assert '"table": "instances"' in kept.read_text()


def test_volume_stuck_attaching_can_be_deleted_again(create: Create, cloud_of: Cloud, tmp_path: Path) -> None:
    volume = create.volume()
    storage: Any = create.connection.block_storage
    storage.reset_volume_status(volume, "attaching", "detached", None)

    do(STUCK_ATTACHING, Resource("volume", volume.id, status="attaching"), cloud_of.databases, tmp_path)
    assert storage.get_volume(volume.id).status == "available"
    storage.delete_volume(volume)
    wait_for(lambda: not [one for one in storage.volumes() if one.id == volume.id], timeout=60, what="it to be gone")
