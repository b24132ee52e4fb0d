"""The identity of a compute host is the same wherever it is written down, and stays so."""

from __future__ import annotations

import pytest

from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.databases import Databases
from pytest_whitebox.core.hosts import Host, Hosts

pytestmark = pytest.mark.requires("libvirt", "placement")

RECORDED = "SELECT uuid FROM compute_nodes WHERE host = :host AND deleted = 0"


@pytest.mark.smoke
@pytest.mark.idempotent_id("0d1db84f-cf95-4e2e-b399-7159f798bf10")
def test_compute_id_survives_a_restart(cloud: Cloud, hosts: Hosts, database: Databases, alone: None) -> None:
    host = hosts.computes[0]
    before = identities(cloud, database, host)
    assert len(set(before.values())) == 1

    host.service("nova-compute").restart()
    assert identities(cloud, database, host) == before


def identities(cloud: Cloud, database: Databases, host: Host) -> dict[str, str]:
    """Who the compute host is, by each of those who know it."""
    folder = host.service("nova-compute").config.get("DEFAULT", "state_path") or "/var/lib/nova"
    hypervisor = cloud.hypervisor(host)
    (provider,) = cloud.connection.placement.resource_providers(name=hypervisor.name)
    return {
        "file": host.file(f"{folder}/compute_id").content_string.strip(),
        "Nova": hypervisor.id,
        "database": database.cell_of_host(host.name).row(RECORDED, host=host.name).uuid,
        "Placement": provider.id,
    }
