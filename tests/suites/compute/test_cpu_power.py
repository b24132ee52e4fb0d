"""CPUs for dedicated use are switched off in the kernel as long as no guest has them."""

from __future__ import annotations

import pytest

from pytest_whitebox.core.configuration import GuestCpus
from pytest_whitebox.core.cpuset import parse_cpus
from pytest_whitebox.core.hosts import Host
from pytest_whitebox.create import Create
from pytest_whitebox.fixtures import SetConfig

from .conftest import cpus_of

# With two CPUs, one switched off would leave but one for all that the host does.
pytestmark = pytest.mark.requires("libvirt", "placement", pcpus=4, microversion="2.95")


@pytest.mark.idempotent_id("717ada8a-ac6f-484d-8cdc-6786e813809b")
def test_dedicated_cpu_is_on_only_while_a_guest_has_it(create: Create, empty_host: Host, set_config: SetConfig) -> None:
    before = frozenset(cpus_of(empty_host))
    last = frozenset(sorted(before)[-2:])
    cpus = GuestCpus(dedicated=last, shared=before - last)
    set_config(empty_host, "nova-compute", {**cpus.options, ("libvirt", "cpu_power_management"): "true"})
    assert offline(empty_host) == cpus.dedicated

    server = create.server(vcpus=1, extra_specs={"hw:cpu_policy": "dedicated"}, host=empty_host)
    assert offline(empty_host) == cpus.dedicated - server.domain.pinned_cpus

    create.cloud.connection.compute.delete_server(server.id)
    create.cloud.connection.compute.wait_for_delete(server.resource, wait=120)
    assert offline(empty_host) == cpus.dedicated


def offline(host: Host) -> frozenset[int]:
    """The CPUs that are switched off."""
    return parse_cpus(host.file("/sys/devices/system/cpu/offline").content_string)
