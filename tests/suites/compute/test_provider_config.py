"""Files in which nova-compute is told more of its host: what they say reaches Placement, and servers follow it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import pytest
import yaml

from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.databases import Databases
from pytest_whitebox.core.hosts import Host, Hosts
from pytest_whitebox.core.ledger import Ledger
from pytest_whitebox.create import Create
from pytest_whitebox.fixtures import Hold

pytestmark = pytest.mark.requires("libvirt", "placement", computes=2)

TRAITS = """
    SELECT t.name FROM traits t JOIN resource_provider_traits r ON r.trait_id = t.id
    JOIN resource_providers p ON p.id = r.resource_provider_id WHERE p.uuid = :id
"""
PLACED = "SELECT host, vm_state FROM instances WHERE uuid = :id"


@pytest.mark.slow
@pytest.mark.idempotent_id("b928dd3c-599c-4299-8fdc-13df1c83e694")
def test_server_goes_to_the_host_whose_file_has_the_trait(
    cloud: Cloud, create: Create, database: Databases, hosts: Hosts, hold: Hold, ledger: Ledger
) -> None:
    own = {host: trait_of(create, host) for host in hosts.computes[:2]}
    for host, trait in own.items():
        ledger.add(f"trait {trait}", partial(forget, cloud, host, trait))
    hold(*(having(host, trait) for host, trait in own.items()))

    for host, trait in own.items():
        known = {row.name for row in database("placement").rows(TRAITS, id=cloud.hypervisor(host).id)}
        assert known & {*own.values()} == {trait}
        server = create.server(extra_specs={f"trait:{trait}": "required"})
        assert server.id in host.virsh("list", "--uuid").split()


@pytest.mark.idempotent_id("abeaeca6-8e81-4a40-b8a7-c78263bcf4c9")
def test_server_whose_trait_no_file_has_reaches_no_host(create: Create, database: Databases) -> None:
    server = create.server(extra_specs={"trait:CUSTOM_STACKPROOF_NO_HOST_HAS_IT": "required"}, wait="ERROR")

    assert "No valid host" in server.resource.fault["message"]
    assert database.cell_of(server).row(PLACED, id=server.id) == (None, "error")


def trait_of(create: Create, host: Host) -> str:
    """A trait that no other test of any run has."""
    return "".join(sign if sign.isalnum() else "_" for sign in f"CUSTOM_{create.prefix}_{host.name}".upper())


def having(host: Host, trait: str) -> AbstractContextManager[None]:
    """A host whose nova-compute is told by a file that it has a trait."""
    config = host.service("nova-compute").config
    folder = (config.get("compute", "provider_config_location") or "/etc/nova/provider_config").rstrip("/")
    provider = {"identification": {"uuid": "$COMPUTE_NODE"}, "traits": {"additional": [trait]}}
    told = yaml.safe_dump({"meta": {"schema_version": "1.0"}, "providers": [provider]})
    return host.write_file(f"{folder}/stackproof.yaml", told.encode(), restart=["nova-compute"])


def forget(cloud: Cloud, host: Host, trait: str) -> None:
    """Take a trait away: Nova leaves it where it is when no file names it any more, for somebody may have set it."""
    from openstack.exceptions import raise_from_response

    placement: Any = cloud.connection.placement
    url = f"/resource_providers/{cloud.hypervisor(host).id}/traits"
    found = placement.get(url, microversion="1.6").json()
    found["traits"].remove(trait)
    raise_from_response(placement.put(url, json=found, microversion="1.6"))
    raise_from_response(placement.delete(f"/traits/{trait}", microversion="1.6"))
