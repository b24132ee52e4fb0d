"""What Nova writes about a server into its domain."""

from __future__ import annotations

import pytest

from pytest_whitebox.create import Create

pytestmark = [pytest.mark.requires("libvirt"), pytest.mark.usefixtures("any_host")]

SPECS = {"hw_rng:allowed": "true"}


@pytest.mark.smoke
@pytest.mark.idempotent_id("41408007-dfd2-4495-bb23-e0825b69adf6")
def test_domain_tells_the_flavor(create: Create) -> None:
    flavor = create.flavor(vcpus=2, ram=192, disk=1, extra_specs=SPECS)
    server = create.server(flavor=flavor)
    domain = server.domain

    assert domain.flavor is not None
    assert domain.flavor.name == flavor.name
    assert (domain.flavor.vcpus, domain.flavor.memory, domain.flavor.disk) == (2, 192, 1)
    assert (domain.flavor.swap, domain.flavor.ephemeral) == (0, 0)
    assert (domain.vcpus, domain.memory_kib) == (2, 192 * 1024)
    # Releases since 2025.2 also write what the flavor is known by and what it asks for.
    assert (domain.flavor.id, domain.flavor.extra_specs) in [(None, {}), (flavor.id, SPECS)]


@pytest.mark.idempotent_id("5b1e7d3a-8c4f-4f2b-9a6d-0e9c5b7f3d18")
def test_domain_tells_whose_it_is_and_of_which_image(create: Create) -> None:
    server = create.server()
    nova = server.domain.nova

    assert nova is not None
    assert nova.name == server.name
    assert (nova.root_type, nova.root_id) == ("image", server.resource.image.id)
    assert nova.owner is not None
    assert (nova.owner.user, nova.owner.project) == (server.resource.user_id, server.resource.project_id)
