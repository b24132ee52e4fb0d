"""A configuration option of a compute host, and what Placement makes of it."""

from __future__ import annotations

import pytest

from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.hosts import Hosts
from pytest_whitebox.fixtures import SetConfig

pytestmark = pytest.mark.requires("libvirt", "placement")

OPTION = ("DEFAULT", "reserved_host_memory_mb")


@pytest.mark.smoke
@pytest.mark.idempotent_id("0959153e-0b21-4071-a5e4-3fc15508f1d7")
def test_reserved_memory_reaches_placement_and_goes_again(cloud: Cloud, hosts: Hosts, set_config: SetConfig) -> None:
    host = hosts.computes[0]
    before = cloud.inventory(host)["MEMORY_MB"].reserved

    restore = set_config(host, "nova-compute", {OPTION: str(before + 64)})
    assert host.service("nova-compute").config.get(*OPTION) == str(before + 64)
    assert cloud.inventory(host)["MEMORY_MB"].reserved == before + 64

    restore()
    assert cloud.inventory(host)["MEMORY_MB"].reserved == before
