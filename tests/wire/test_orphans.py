"""What a host and the databases have of something that is gone: a host over SSH, and a MariaDB of our own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_whitebox.core.databases import Databases, parse_url
from pytest_whitebox.core.hosts import Host, Hosts
from pytest_whitebox.core.orphans import Orphan, orphans
from pytest_whitebox.core.transports import SshTransport
from tests.doubles.serving import nobody
from tests.wire.mariadb import Server

from .layout import Layout, host_with


def uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


#: A server that is here, one that is leaving, one that is elsewhere, and one that is gone; likewise what is not Nova's.
HERE, LEAVING, ELSEWHERE, GONE = map(uuid, range(1, 5))
PORT, NO_PORT, VOLUME, NO_VOLUME, NO_FILE, CONSUMER = map(uuid, range(11, 17))
TABLES = f"""
CREATE TABLE host_mappings (host VARCHAR(99), cell_id INT);
CREATE TABLE cell_mappings (id INT, name VARCHAR(20), database_connection TEXT);
CREATE TABLE compute_nodes (id INT, uuid VARCHAR(36), host VARCHAR(99), deleted INT);
CREATE TABLE pci_devices (compute_node_id INT, address VARCHAR(12), status VARCHAR(36), instance_uuid VARCHAR(36),
    deleted INT);
CREATE TABLE instances (uuid VARCHAR(36), host VARCHAR(99), deleted INT);
CREATE TABLE migrations (uuid VARCHAR(36), source_compute VARCHAR(99), instance_uuid VARCHAR(36),
    dest_compute VARCHAR(99), deleted INT, status VARCHAR(99));
CREATE TABLE resource_providers (id INT, uuid VARCHAR(36), root_provider_id INT);
CREATE TABLE allocations (consumer_id VARCHAR(36), resource_provider_id INT);
CREATE TABLE ports (id VARCHAR(36));
CREATE TABLE volumes (id VARCHAR(36), deleted TINYINT);
INSERT INTO host_mappings VALUES ('compute1', 7), ('compute2', 7);
INSERT INTO cell_mappings VALUES (7, 'cell7', '{{scheme}}://{{username}}:{{password}}@{{hostname}}:{{port}}/orphans');
INSERT INTO compute_nodes VALUES (1, 'node1', 'compute1', 0), (2, 'node2', 'compute2', 0);
INSERT INTO pci_devices VALUES
    (1, '0000:04:10.0', 'allocated', '{HERE}', 0), (1, '0000:04:10.1', 'allocated', '{LEAVING}', 0),
    (2, '0000:04:10.1', 'claimed', '{LEAVING}', 0), (1, '0000:04:10.2', 'allocated', '{ELSEWHERE}', 0),
    (1, '0000:04:10.3', 'claimed', '{GONE}', 0), (1, '0000:04:10.4', 'available', NULL, 0),
    (1, '0000:04:10.5', 'allocated', '{GONE}', 9), (2, '0000:04:10.6', 'allocated', '{ELSEWHERE}', 0),
    (2, '0000:04:10.7', 'allocated', NULL, 0);
INSERT INTO instances VALUES
    ('{HERE}', 'compute1', 0), ('{LEAVING}', 'compute2', 0), ('{ELSEWHERE}', 'compute2', 0), ('{GONE}', 'compute1', 4);
INSERT INTO migrations VALUES
    ('{uuid(21)}', 'compute1', '{LEAVING}', 'compute2', 0, 'running'),
    ('{uuid(22)}', 'compute1', '{ELSEWHERE}', 'compute2', 0, 'completed');
INSERT INTO resource_providers VALUES (1, 'node1', 1), (2, 'of node1', 1), (3, 'of a disk array', 3);
INSERT INTO allocations VALUES ('{HERE}', 1), ('{uuid(21)}', 1), ('{CONSUMER}', 2), ('{uuid(23)}', 3);
INSERT INTO ports VALUES ('{PORT}');
INSERT INTO volumes VALUES ('{VOLUME}', 0), ('{NO_VOLUME}', 1);
"""
#: What Open vSwitch 3.1 says, but for most of its columns.
INTERFACES = json.dumps({
    "headings": ["name", "external_ids"],
    "data": [
        ["br-int", ["map", []]], ["tap1", ["map", [["iface-id", PORT], ["vm-id", HERE]]]],
        ["tap2", ["map", [["iface-id", NO_PORT]]]],
    ],
})  # fmt: skip
#: What LVM says of a volume, one that is gone, and of what is no volume.
LVS = f"  volume-{VOLUME}\n  volume-{NO_VOLUME}\n  cinder-volumes-pool\n"


def says(*lines: str) -> str:
    return "\n".join(["#!/bin/sh", "cat <<'END'", *lines, "END", ""])


def unit(name: str) -> str:
    return f"[Service]\nExecStart=/usr/bin/{name} --config-file=/etc/{name.partition('-')[0]}/its.conf\n"


INSTANCES = "/srv/instances"
LAYOUT = Layout(
    {
        "/usr/lib/systemd/system/nova-compute.service": unit("nova-compute"),
        "/usr/lib/systemd/system/cinder-volume.service": unit("cinder-volume"),
        "/etc/nova/its.conf": f"[DEFAULT]\ninstances_path = {INSTANCES}\n",
        "/etc/cinder/its.conf": "[DEFAULT]\nstate_path = /srv/cinder\n",
        "/usr/bin/virsh": says(HERE, LEAVING, ELSEWHERE, GONE, ""),
        "/usr/bin/ovs-vsctl": says(INTERFACES),
        "/usr/sbin/lvs": says(LVS.rstrip("\n")),
        **{f"{INSTANCES}/{name}/disk": "" for name in (HERE, LEAVING, ELSEWHERE, f"{GONE}_resize", "_base", "locks")},
        f"/srv/cinder/mnt/share/volume-{NO_FILE}": "",
    },
    (),
)


@pytest.fixture(scope="module")
def compute1(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with host_with(LAYOUT, tmp_path_factory.mktemp("host")) as server:
        transport = SshTransport("server", ssh_config=server.ssh_config, sudo=False)
        services = ("nova-compute", "cinder-volume")
        host = Host("compute1", transport, services=services, roles=("compute", "storage"))
        yield host
        host.close()


@pytest.fixture(scope="module")
def databases(mariadb: Server) -> Iterator[Databases]:
    mariadb.execute("CREATE DATABASE orphans")
    for statement in TABLES.strip().split(";\n"):
        mariadb.execute(statement, "orphans")
    known = Databases(lambda *_: [(parse_url(mariadb.url(name="orphans")), mariadb.forward)])
    yield known
    known.close()


#: Each look's, of what is above.
FOUND = {
    *(Orphan("domain", one, "compute1", "server") for one in (ELSEWHERE, GONE)),
    *(Orphan("folder", one, "compute1", "server") for one in (ELSEWHERE, GONE)),
    Orphan("PCI device 0000:04:10.2", ELSEWHERE, "compute1", "server"),
    Orphan("PCI device 0000:04:10.3", GONE, "compute1", "server"),
    Orphan("PCI device 0000:04:10.7", "nobody", "compute2", "server"),
    Orphan("allocation", CONSUMER, "compute1", "consumer"),
    Orphan("plug", NO_PORT, "compute1", "port"),
    *(Orphan("data", one, "compute1", "volume") for one in (NO_VOLUME, NO_FILE)),
}


def test_what_has_outlived_its_owner_is_found_in_each_layer(compute1: Host, databases: Databases) -> None:
    unseen: list[str] = []
    assert set(orphans(Hosts([compute1]), databases, unseen.append)) == FOUND
    assert unseen == []


def test_host_that_cannot_be_reached_hides_no_orphan_of_another(
    compute1: Host, databases: Databases, tmp_path: Path
) -> None:
    way, unseen = SshTransport("dead", ssh_config=tmp_path / "ssh_config"), list[str]()
    dead = Host("compute2", way, services=("nova-compute",), roles=("compute",))
    with nobody() as port:
        (tmp_path / "ssh_config").write_text(f"Host dead\n    HostName 127.0.0.1\n    Port {port}\n")
        found = set(orphans(Hosts([compute1, dead]), databases, unseen.append))
    # Hosts may share the folders of servers: without the other nobody knows whose they are.
    assert found == {one for one in FOUND if one.kind != "folder"}
    assert [line.partition(":")[0] for line in unseen] == ["compute2", "folders of servers"]


def test_look_that_fails_leaves_the_others_alone(compute1: Host, mariadb: Server) -> None:
    known, unseen = [(parse_url(mariadb.url(name="orphans")), mariadb.forward)], list[str]()
    databases = Databases(lambda service, _: [] if service.startswith("neutron") else known)
    kinds = {one.kind.partition(" 0000:")[0] for one in orphans(Hosts([compute1]), databases, unseen.append)}
    assert kinds == {"domain", "folder", "PCI device", "allocation", "data"}
    assert [line.partition(":")[0] for line in unseen] == ["plugs of ports"]
    databases.close()
