"""What Nova writes about a server into its domain."""

from __future__ import annotations

import pytest

from pytest_whitebox.create import Create

pytestmark = pytest.mark.requires("libvirt")


@pytest.mark.smoke
@pytest.mark.idempotent_id("41408007-dfd2-4495-bb23-e0825b69adf6")
def test_domain_tells_the_flavor(create: Create) -> None:
    flavor = create.flavor(vcpus=2, ram=192, disk=1)
    server = create.server(flavor=flavor)
    domain = server.domain

    assert domain.flavor is not None
    assert domain.flavor.name == flavor.name
    assert (domain.flavor.vcpus, domain.flavor.memory, domain.flavor.disk) == (2, 192, 1)
    assert (domain.vcpus, domain.memory_kib) == (2, 192 * 1024)
