"""What Placement has given to a server is what its domain takes, as long as there is the server."""

from __future__ import annotations

import pytest

from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.databases import Databases
from pytest_whitebox.core.wait import wait_for
from pytest_whitebox.create import Create

pytestmark = pytest.mark.requires("placement", "libvirt")

STORED = """
    SELECT p.uuid AS provider, c.name, a.used FROM allocations a
    JOIN resource_classes c ON c.id = a.resource_class_id
    JOIN resource_providers p ON p.id = a.resource_provider_id
    WHERE a.consumer_id = :id
"""


@pytest.mark.smoke
@pytest.mark.idempotent_id("a89eb4fe-4dcb-4fe7-b129-3a2342ca7860")
def test_allocation_is_what_the_domain_takes_until_it_is_gone(
    cloud: Cloud, create: Create, database: Databases
) -> None:
    server = create.server(vcpus=1, ram=192, disk=1)
    domain, compute = server.domain, cloud.connection.compute
    rows = database("placement").rows(STORED, id=server.id)

    assert {row.name: row.used for row in rows} == {
        "VCPU": domain.vcpus, "MEMORY_MB": domain.memory_kib // 1024, "DISK_GB": 1,
    }  # fmt: skip
    assert {row.provider for row in rows} == {cloud.hypervisor(server.host).id}

    compute.delete_server(server.id)
    compute.wait_for_delete(server.resource, wait=120)
    # Nova forgets the server first, and has Placement forget it then.
    wait_for(lambda: not database("placement").rows(STORED, id=server.id), timeout=30, every=0.5, what="no allocation")


@pytest.mark.smoke
@pytest.mark.idempotent_id("34490e48-c0b4-40bb-aced-f820860e6d38")
def test_server_that_fits_nowhere_is_given_nothing(create: Create, database: Databases) -> None:
    server = create.server(disk=2**20, wait="ERROR")

    assert database("nova_api").rows("SELECT id FROM instance_mappings WHERE instance_uuid = :id", id=server.id)
    assert database("placement").rows(STORED, id=server.id) == ()
