"""Each action of a server, against a real Nova: what it leads to, and what is told if it fails."""

from __future__ import annotations

import pytest

from pytest_whitebox.cloud import Cloud
from pytest_whitebox.create import Create
from pytest_whitebox.server import Server, ServerError

pytestmark = [pytest.mark.requires("libvirt", "admin"), pytest.mark.slow]


@pytest.fixture(scope="module")
def server(module_create: Create) -> Server:
    """One server for all of them; each action leaves it active."""
    return module_create.server()


def test_power(server: Server) -> None:
    first = server.pid
    assert server.stop().status == "SHUTOFF"
    assert server.start().status == "ACTIVE"
    second = server.pid
    assert server.reboot(hard=True).status == "ACTIVE"
    assert len({first, second, server.pid}) == 3
    assert server.pause().status == "PAUSED"
    assert server.unpause().status == "ACTIVE"
    assert server.suspend().status == "SUSPENDED"
    assert server.resume().status == "ACTIVE"


def test_rescue_and_rebuild(server: Server) -> None:
    assert set(server.rescue().domain.disks) > {"vda"}
    assert server.unrescue().status == "ACTIVE"
    assert set(server.domain.disks) == {"vda"}
    first = server.pid
    assert server.rebuild().status == "ACTIVE"
    assert server.pid != first


def test_shelve(server: Server) -> None:
    assert server.shelve().resource.compute_host is None
    assert server.unshelve().status == "ACTIVE"
    assert server.domain.uuid == server.id


def test_resize_there_and_back_and_for_good(server: Server, module_create: Create) -> None:
    before = server.domain.memory_kib
    larger = module_create.flavor(ram=192)
    assert server.resize(larger).domain.memory_kib == 192 << 10
    assert server.revert().domain.memory_kib == before
    assert server.resize(larger).confirm().domain.memory_kib == 192 << 10


@pytest.mark.requires(computes=2)
def test_moves(server: Server) -> None:
    first = server.host
    second = server.live_migrate().host
    assert second.name != first.name
    assert server.migrations[0].status == "completed"
    assert server.migrate(first).confirm().host.name == first.name


def test_refusal_tells_the_reason_of_nova(server: Server, module_create: Create) -> None:
    nowhere = module_create.flavor(ram=192, extra_specs={"trait:CUSTOM_HAS_NO_HOST": "required"})
    with pytest.raises(ServerError, match=r"could not be resized: .*No valid host.*; it is ACTIVE on ") as told:
        server.resize(nowhere)
    assert "allow_resize_to_same_host" in told.value.hint
    assert "resize (req-" in told.value.hint


def test_action_that_lasts_too_long_tells_how_far_it_came(server: Server) -> None:
    with pytest.raises(ServerError, match=r"could not reboot within 0 s: it is \w+.*; reboot \(req-"):
        server.reboot(hard=True, timeout=0)
    server.wait_for("ACTIVE")


def test_what_nova_refuses_at_once_is_its_own_answer(cloud: Cloud, server: Server) -> None:
    from openstack.exceptions import BadRequestException

    assert cloud.microversion("compute")
    with pytest.raises(BadRequestException, match="still in use"):
        server.evacuate()
