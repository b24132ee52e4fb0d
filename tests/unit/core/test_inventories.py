from __future__ import annotations

from pathlib import Path

import pytest

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.inventories import Format, HostEntry, Inventory, ServiceEntry, formats, load
from pytest_whitebox.core.inventories.contract import InventoryContract
from pytest_whitebox.core.inventories.hosts_yaml import HostsYaml
from pytest_whitebox.core.inventories.nodes import Nodes
from pytest_whitebox.core.inventories.replaced import NODES, OPTIONS
from pytest_whitebox.core.inventories.tempest_conf import TempestConf
from pytest_whitebox.core.transports import Login

HOSTS = """
defaults: {user: stack, key: ~/.ssh/lab, jump: undercloud}
hosts:
  compute-0:
    address: 192.168.24.6
    user: heat-admin
    deployment: tripleo
    engine: podman
    roles: [compute]
    services:
      nova-compute: {unit: tripleo_nova_compute, config: /srv/nova.conf}
  undercloud: {address: 10.0.0.5, port: 2222}
"""
NODES_YAML = """
controller.example.org:
  services:
    libvirt:
      start-command: 'systemctl start libvirtd'
      stop_command: 'systemctl stop libvirtd'
      mask_command: 'systemctl mask libvirtd'
    nova-compute:
      config_path: '/etc/nova/nova-cpu.conf'
      start_command: 'systemctl start devstack@n-cpu'
      stop_command: 'systemctl stop devstack@n-cpu'
  cpu_shared_set: 0-1
  topology: {socket-0: {numa-0: {cpus: 0-7}}}
compute1.example.org:
  services:
    libvirt: {container_name: nova_libvirt}
    nova-compute: {container_name: nova_compute, start_command: /opt/start-nova}
"""
TEMPEST = """
[compute]
image_ref = 1
[whitebox]
ctlplane_addresses = compute-0.localdomain:192.168.24.6, compute-1.localdomain:192.168.24.12
ctlplane_ssh_username = heat-admin
ctlplane_ssh_private_key_path = /home/stack/.ssh/id_rsa
containers = true
container_runtime = podman
max_compute_nodes = 2
[whitebox-database]
password = hunter22
[whitebox-hardware]
smt_hosts = compute-0.localdomain
"""


class Contract(InventoryContract):
    good = bad = ""

    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        (tmp_path / "good").write_text(self.good)
        return tmp_path / "good"

    @pytest.fixture
    def broken(self, tmp_path: Path) -> Path:
        (tmp_path / "bad").write_text(self.bad)
        return tmp_path / "bad"


class TestHosts(Contract):
    good, bad = HOSTS, "hosts: {compute-0: {adress: 192.168.24.6}}"

    @pytest.fixture
    def format(self) -> Format:
        return HostsYaml()


class TestNodes(Contract):
    good, bad = NODES_YAML, "compute1: {services: {nova-compute: {config: /etc/nova/nova.conf}}}"

    @pytest.fixture
    def format(self) -> Format:
        return Nodes()


class TestTempest(Contract):
    good, bad = TEMPEST, "[whitebox]\nctlplane_addresses = compute-0.localdomain\n"

    @pytest.fixture
    def format(self) -> Format:
        return TempestConf()


def _load(tmp_path: Path, text: str) -> Inventory:
    path = tmp_path / "inventory"
    path.write_text(text)
    return load(path)


def test_hosts_have_what_they_say_and_else_what_the_defaults_say(tmp_path: Path) -> None:
    inventory = _load(tmp_path, HOSTS)
    undercloud = Login("undercloud", "10.0.0.5", "stack", 2222, "~/.ssh/lab")
    compute = Login("compute-0", "192.168.24.6", "heat-admin", 0, "~/.ssh/lab", jump=undercloud)
    services = {"nova-compute": ServiceEntry("tripleo_nova_compute", config="/srv/nova.conf")}
    assert inventory.hosts == (
        HostEntry("compute-0", compute, False, "", "podman", "tripleo", ("compute",), services),
        HostEntry("undercloud", undercloud),
    )
    assert inventory.login == Login(user="stack", key="~/.ssh/lab", jump=undercloud)


def test_a_jump_may_lead_through_several_hosts_and_outside_the_file(tmp_path: Path) -> None:
    (first, _) = _load(tmp_path, "hosts: {a: {jump: b}, b: {jump: root@gate:2222}}").hosts
    assert first.login.jump == Login("b", jump=Login("gate", user="root", port=2222))


def test_the_jump_of_the_defaults_is_not_for_hosts_on_the_way(tmp_path: Path) -> None:
    text = "{defaults: {jump: a}, hosts: {x: {}, a: {jump: b}, b: {}}}"
    way = Login("a", jump=Login("b"))
    assert _load(tmp_path, text).hosts[0].login == Login("x", jump=way)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("hosts: {a: {jump: b}, b: {jump: a}}", "hosts, b: jump leads back to a; say where the way begins"),
        ("hosts: {a: {port: ssh}}", "hosts, a: port is no number; write digits there"),
        ("hosts: {a: {roles: compute}}", "hosts, a: roles is no list of words; write [one, another] there"),
        ("hosts: {a: {engine: lxc}}", "hosts, a: 'lxc' runs no containers; it is podman or docker"),
        ("hosts: {a: {local: 1}}", "hosts, a: local is neither true nor false; write one of them there"),
        ("hosts: [a]", "hosts is no mapping; see the page on inventories for an example"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(StackproofError) as caught:
        _load(tmp_path, text)
    assert caught.value.sentence.endswith(sentence)


def test_nodes_yaml_is_read_and_what_is_discovered_now_is_listed(tmp_path: Path) -> None:
    inventory = _load(tmp_path, NODES_YAML)
    first, second = inventory.hosts
    assert first.services == {
        "libvirt": ServiceEntry("libvirtd"),
        "nova-compute": ServiceEntry("devstack@n-cpu", config="/etc/nova/nova-cpu.conf"),
    }
    assert second.services["nova-compute"] == ServiceEntry(container="nova_compute")
    assert set(inventory.unneeded) == {"cpu_shared_set", "topology", "mask_command", "start_command"}
    assert "topology" in inventory.summary


def test_tempest_conf_is_read_and_what_is_discovered_now_is_listed(tmp_path: Path) -> None:
    inventory = _load(tmp_path, TEMPEST)
    first, _ = inventory.hosts
    assert first.login == Login("compute-0.localdomain", "192.168.24.6", "heat-admin", key="/home/stack/.ssh/id_rsa")
    assert first.engine == "podman"
    assert inventory.login.user == "heat-admin"
    assert "[whitebox] max_compute_nodes" in inventory.unneeded
    assert "[whitebox-database] password" in inventory.unneeded
    assert "hunter22" not in repr(inventory)


def test_tempest_conf_leads_to_its_nodes_yaml(tmp_path: Path) -> None:
    (tmp_path / "nodes.yaml").write_text(NODES_YAML)
    inventory = _load(tmp_path, "[whitebox]\nnodes_yaml = nodes.yaml\nctlplane_ssh_username = stack\n")
    assert [host.name for host in inventory.hosts] == ["controller.example.org", "compute1.example.org"]
    assert inventory.hosts[0].login.user == "stack"
    assert inventory.hosts[0].services["nova-compute"].config == "/etc/nova/nova-cpu.conf"


def test_a_nodes_yaml_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(StackproofError, match=r"names gone\.yaml as nodes_yaml, which does not exist"):
        _load(tmp_path, "[whitebox]\nnodes_yaml = gone.yaml\n")


def test_an_inventory_that_is_missing_or_not_understood_is_named(tmp_path: Path) -> None:
    with pytest.raises(StackproofError, match="there is no inventory '/nonexistent'"):
        load(Path("/nonexistent"))
    with pytest.raises(StackproofError, match="no inventory of a known format") as caught:
        _load(tmp_path, "just words")
    assert all(one.name in str(caught.value) for one in formats())


def test_every_option_that_was_needed_has_an_answer() -> None:
    assert {name.partition(".")[0] for name in OPTIONS} == {
        "whitebox", "whitebox-nova-compute", "whitebox-database", "whitebox-hardware", "compute-feature-enabled",
    }  # fmt: skip
    assert all(OPTIONS.values())
    assert all(NODES.values())
