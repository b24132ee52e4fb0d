"""Two compute hosts: servers on both are one network, and move between them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from devcloud.state import State
from pytest_whitebox.core.command import run
from pytest_whitebox.core.wait import wait_for
from pytest_whitebox.create import Create
from pytest_whitebox.server import Server
from tests.cloud.guest import Guest
from tests.cloud.mover import Mover
from tests.cloud.ping import Ping

#: Seconds without an answer that a live migration may take; 0.2 to 0.3 were seen.
_PAUSE = 5


@pytest.fixture(scope="module")
def mover(server: Guest, state: State) -> Mover:
    """Moves the guest."""
    if state.settings().computes < 2:
        pytest.skip("needs two compute hosts: `devcloud up --computes 2` adds one")
    return Mover.of(state.clouds_yaml, server.server)


@pytest.fixture
def zone(server: Guest, mover: Mover) -> Iterator[str]:
    """An availability zone of one compute host: not the one that the guest is on."""
    from openstack.exceptions import ConflictException

    compute = mover.cloud.connection.compute
    elsewhere = next(found.name for found in compute.hypervisors() if found.name != mover.host)
    made = compute.create_aggregate(name="elsewhere", availability_zone="elsewhere")
    try:
        compute.add_host_to_aggregate(made, elsewhere)
        yield "elsewhere"
        # Nova counts a server that is gone for a moment longer, and refuses as long as it does.
        wait_for(
            lambda: compute.remove_host_from_aggregate(made, elsewhere),
            timeout=60,
            every=0.5,
            ignore=(ConflictException,),
            what=f"{elsewhere} to leave its zone",
        )
    finally:
        compute.delete_aggregate(made)


@pytest.fixture
def neighbour(server: Guest, mover: Mover, zone: str) -> Iterator[Any]:
    """The port of a second guest of the same project, on another host than the first, chosen by its zone."""
    cloud = server.cloud
    network = cloud.network.find_network("shared", ignore_missing=False)
    group = cloud.network.find_security_group("acceptance", ignore_missing=False)
    made = cloud.compute.create_server(
        name="neighbour",
        flavor_id=cloud.compute.find_flavor("tiny", ignore_missing=False).id,
        image_id=cloud.image.find_image("guest", ignore_missing=False).id,
        networks=[{"uuid": network.id}],
        security_groups=[{"name": group.name}],
        availability_zone=zone,
    )
    try:
        cloud.compute.wait_for_server(made, wait=180)
        assert mover.cloud.connection.compute.get_server(made.id).compute_host != mover.host
        yield next(cloud.network.ports(device_id=made.id))
    finally:
        cloud.compute.delete_server(made)
        cloud.compute.wait_for_delete(made, wait=180)


def test_guests_on_different_hosts_reach_each_other(server: Guest, neighbour: Any) -> None:
    address = neighbour.fixed_ips[0]["ip_address"]
    assert wait_for(
        lambda: server.ssh(f"ping -c 1 -W 2 {address}").ok, timeout=60, every=1, what=f"an answer from {address}"
    )
    # As large as a guest's packets get: the tunnel must carry them whole.
    assert server.ssh(f"ping -c 2 -W 5 -s 1414 {address}").ok


def test_live_migration_keeps_address_volume_and_boot(server: Guest, mover: Mover, state: State) -> None:
    boot = server.ssh("cat /proc/sys/kernel/random/boot_id").stdout
    before = mover.host
    with Ping(server.address) as ping:
        after = mover.live()
    assert after != before
    assert ping.answered
    assert ping.longest_gap < _PAUSE
    assert server.ssh("cat /proc/sys/kernel/random/boot_id").stdout == boot != ""
    assert "volume in-use with its data" in server.well()
    assert server.server in _domains(state, after)
    assert server.server not in _domains(state, before)


@pytest.mark.requires("libvirt", "block-storage", computes=2)
def test_server_that_boots_from_a_volume_made_of_an_image_moves_running_and_off(create: Create) -> None:
    """Each time Nova asks Cinder anew how the volume is to be opened."""
    server = create.server(volume=create.volume(image=create.guest_image))
    before, boot = server.host.name, newest_boot(server)
    written, told = formats(server)
    assert told == written
    assert server.live_migrate().host.name != before
    assert formats(server) == (written, told)
    assert server.migrate().confirm().host.name == before
    assert newest_boot(server, after=boot)
    assert formats(server) == (written, told)


def newest_boot(server: Server, after: str = "") -> str:
    """The id of the guest's last boot, by its console; waits for one that is not ``after``."""

    def last() -> str:
        boots = re.findall(r"GUEST BOOT boot_id=(\S+)", server.console_log)
        return boots[-1] if boots and boots[-1] != after else ""

    return wait_for(last, timeout=120, every=1, what=f"{server.name} to boot", hint="see its console log")


def formats(server: Server) -> tuple[str, str | None]:
    """The format that the file of the root disk has, and the one that QEMU was told."""
    disk = server.domain.disks["vda"]
    return server.host.qemu_img(str(disk.source)).format, disk.format


def _domains(state: State, host: str) -> str:
    return run(["ssh", "-F", str(state.ssh_config), host, "virsh", "list", "--all", "--uuid"]).stdout
