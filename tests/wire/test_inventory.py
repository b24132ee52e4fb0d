"""Inventories of each format against a host that is as they say: where it is, what runs there, and where virsh is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pytest_whitebox.core.hosts import Fact, Host, Hosts
from pytest_whitebox.core.inventories import load
from pytest_whitebox.core.wait import wait_for
from tests.doubles.openstack import connected
from tests.plugin.cloud_on_loopback import serve

from .conftest import SshServer
from .layout import Kolla, Layout, host_with, report

OPTION = ("DEFAULT", "reserved_host_memory_mb")
#: What no kind of deployment has: another unit, other files, and virsh in a container of another name.
LAYOUT = Layout(
    {
        "/etc/systemd/system/site-nova.service": "[Service]\n"
        "ExecStart=/usr/bin/nova-compute --config-file /srv/site/nova.conf\n[Install]\n",
        "/srv/site/nova.conf": "[DEFAULT]\nreserved_host_memory_mb = 1\n",
        "/etc/systemd/system/site-libvirt.service": "[Service]\n"
        "ExecStart=/usr/local/bin/docker start -a site_libvirt\n",
        "/srv/site/libvirt/config.json": '{"command": "sleep infinity", "config_files": []}',
    },
    ("site-nova", "site-libvirt"),
    {
        "site_libvirt": Kolla(
            {"/var/lib/kolla/config_files": "/srv/site/libvirt"},
            files={"/usr/bin/virsh": '#!/bin/sh\necho "site: $@"\n'},
        )
    },
)
#: The files of each format, the first of which is given.
FORMATS = {
    "hosts": {
        "hosts.yaml": """
defaults: {{user: root, key: {folder}/user_key}}
hosts:
  lab-1:
    address: 127.0.0.1
    engine: docker
    services:
      nova-compute: {{unit: site-nova, config: /srv/site/nova.conf, log: /run/journal/site-nova}}
      libvirt: {{container: site_libvirt}}
"""
    },
    "tempest.conf": {
        "tempest.conf": """
[whitebox]
ctlplane_addresses = lab-1:127.0.0.1
ctlplane_ssh_username = root
ctlplane_ssh_private_key_path = {folder}/user_key
containers = true
container_runtime = docker
nodes_yaml = nodes.yaml
""",
        "nodes.yaml": """
lab-1:
  services:
    nova-compute: {{config_path: /srv/site/nova.conf, start_command: systemctl start site-nova}}
    libvirt: {{container_name: site_libvirt}}
""",
    },
}
CONTAINER = """
hosts:
  lab-1: {{address: 127.0.0.1, user: root, key: {folder}/user_key, container: site_libvirt, engine: docker}}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with host_with(LAYOUT, tmp_path_factory.mktemp("host")) as server:
        transport = server.transport()
        wait_for(lambda: report(transport), timeout=30, every=0.1, what="nova-compute to report")
        transport.close()
        yield server


@contextmanager
def discovered(folder: Path, server: SshServer, files: dict[str, str]) -> Iterator[Host]:
    """The host that Nova calls compute1, by its API and these files."""
    for name, text in files.items():
        (folder / name).write_text(text.format(folder=server.folder))
    known = f"Host *\n    Port {server.port}\n    UserKnownHostsFile {server.folder}/known_hosts\n"
    (folder / "ssh_config").write_text(known)
    inventory = load(folder / next(iter(files)))
    with serve() as cloud:
        cloud.computes, cloud.addresses = ("compute1",), {"compute1": "127.0.0.1"}
        with (
            connected(f"{cloud.url}/v3") as connection,
            Hosts.discover(connection, ssh_config=folder / "ssh_config", inventory=inventory) as hosts,
        ):
            (host,) = hosts
            yield host


def wait_for_report(host: Host, value: str) -> None:
    # The Nova of this host hears nothing of it, and counts whatever runs there as having reported.
    wait_for(lambda: (report(host.transport) or "  ")[1] == value, timeout=20, every=0.1, what=f"the value {value}")


@pytest.fixture(params=FORMATS)
def host(request: pytest.FixtureRequest, server: SshServer, tmp_path: Path) -> Iterator[Host]:
    with discovered(tmp_path, server, FORMATS[request.param]) as host:
        yield host


def test_it_is_the_host_that_nova_knows_and_each_fact_tells_who_says_so(host: Host, tmp_path: Path) -> None:
    source = next(str(tmp_path / name) for name in ("hosts.yaml", "tempest.conf") if (tmp_path / name).exists())
    assert (host.name, host.names) == ("compute1", ("compute1", "lab-1"))
    assert host.facts == (
        Fact("address", "127.0.0.1", source),
        Fact("service", "libvirt", source),
        Fact("service", "nova-compute", source),
        Fact("role", "compute", f"{source}: nova-compute"),
        Fact("address", "127.0.0.1", "os-hypervisors"),
        Fact("service", "nova-compute", "os-services"),
        Fact("role", "compute", "os-services: nova-compute"),
    )


def test_what_it_says_of_a_service_is_what_is_changed_and_restarted(host: Host) -> None:
    service = host.service("nova-compute")
    before = service.main
    assert "INFO nova reserves 1" in service.log_tail()
    with service.set_config({OPTION: "64"}):
        assert service.config.get(*OPTION) == "64"
        wait_for_report(host, "64")
    wait_for_report(host, "1")
    assert service.main not in (before, None)


def test_virsh_runs_in_the_container_that_it_names(host: Host) -> None:
    assert host.virsh("list") == "site: --connect qemu:///system list\n"


def test_a_host_that_is_a_container_is_looked_into_over_its_hosts_own_connection(
    server: SshServer, tmp_path: Path
) -> None:
    with discovered(tmp_path, server, {"hosts.yaml": CONTAINER}) as host:
        assert re.fullmatch(r"container site_libvirt of ssh root@\S+", host.transport.name)
        assert host.run(["virsh", "list"]).stdout == "site: list\n"
        assert host.file("/usr/bin/virsh").content_string.startswith("#!/bin/sh")
