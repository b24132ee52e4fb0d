"""Hosts of the cloud, reached with the files that users of whitebox-tempest-plugin have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from devcloud.state import State
from pytest_whitebox.core.hosts import Fact, Hosts
from pytest_whitebox.core.inventories import load


def _said(state: State, host: str, word: str) -> str:
    """What devcloud's own ssh_config says of a host."""
    block = state.ssh_config.read_text().partition(f"Host {host} ")[2].partition("\nHost ")[0]
    return next(line.split(None, 1)[1] for line in block.splitlines() if line.split()[:1] == [word])


@pytest.fixture
def hosts(state: State, connect: Callable[[str], Any], tmp_path: Path) -> Iterator[Hosts]:
    """Found by a tempest.conf and its nodes.yaml; the ssh_config says no more than which host keys are known."""
    names = ("compute1", "controller")
    addresses = ",".join(f"{name}.localdomain:{_said(state, name, 'HostName')}" for name in names)
    (tmp_path / "nodes.yaml").write_text(
        "compute1.localdomain:\n"
        "  services:\n"
        "    nova-compute: {config_path: /etc/nova/nova.conf, start_command: sv up nova-compute}\n"
        "  cpu_shared_set: 0-1\n"
    )
    (tmp_path / "tempest.conf").write_text(
        f"[whitebox]\nnodes_yaml = nodes.yaml\nctlplane_addresses = {addresses}\n"
        f"ctlplane_ssh_username = {_said(state, 'compute1', 'User')}\n"
        f"ctlplane_ssh_private_key_path = {_said(state, 'compute1', 'IdentityFile')}\nmax_compute_nodes = 2\n"
    )
    known = _said(state, "compute1", "UserKnownHostsFile")
    (tmp_path / "ssh_config").write_text(f"Host *\n    UserKnownHostsFile {known}\n    IdentityFile /nonexistent\n")
    inventory = load(tmp_path / "tempest.conf")
    with Hosts.discover(connect("devcloud"), ssh_config=tmp_path / "ssh_config", inventory=inventory) as found:
        yield found


def test_hosts_are_those_of_nova_with_the_addresses_of_tempest_conf(hosts: Hosts, state: State, tmp_path: Path) -> None:
    host = hosts["compute1.localdomain"]
    assert host is hosts["compute1"]
    assert host.facts[0] == Fact("address", _said(state, "compute1", "HostName"), str(tmp_path / "tempest.conf"))
    assert host.run(["hostname"]).stdout.strip() == "compute1"
    assert "nova-scheduler" in hosts["controller"].services


def test_what_nodes_yaml_says_of_a_service_comes_to_what_is_discovered(hosts: Hosts) -> None:
    facts = hosts["compute1"].service("nova-compute").facts
    assert facts.config_target == "/etc/nova/nova.conf"
    assert facts.supervisor.name == "runit"
    assert hosts["compute1"].service("nova-compute").is_running
