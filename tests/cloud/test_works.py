"""What a user does with a cloud works here for a project's own member."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

from pytest_whitebox.core.wait import wait_for
from tests.cloud.guest import Guest


@pytest.fixture(scope="module")
def alpha(connect: Callable[[str], Any]) -> Any:
    """The member of project alpha."""
    return connect("devcloud-alpha")


def test_console_log_shows_the_boot_and_that_metadata_answered(server: Guest) -> None:
    def ready() -> str:
        lines = server.cloud.compute.get_server_console_output(server.server)["output"].splitlines()
        return next((line for line in lines if line.startswith("GUEST READY")), "")

    assert "metadata=service" in wait_for(ready, timeout=60, every=1, what="GUEST READY on the console")


def test_address_comes_by_dhcp(server: Guest) -> None:
    port = next(server.cloud.network.ports(device_id=server.server))
    fixed = port.fixed_ips[0]["ip_address"]
    assert f"inet {fixed}/22" in server.ssh("ip address show eth0").stdout


def test_volume_is_a_disk_with_its_id_as_serial(server: Guest) -> None:
    assert server.volume[:20] in server.ssh("cat /sys/block/vdb/serial").stdout


def test_guest_reaches_the_outside_through_its_router(server: Guest) -> None:
    assert server.ssh("ping -c 1 -W 5 $(ip route | sed -n 's/default via \\([0-9.]*\\).*/\\1/p')").ok
    outside = server.address.rpartition(".")[0] + ".1"
    assert server.ssh(f"ping -c 1 -W 5 {outside}").ok


def test_security_group_decides_what_comes_in(server: Guest) -> None:
    group = server.cloud.network.find_security_group("acceptance", ignore_missing=False)
    assert not _opens(server.address, 80)
    rule = server.cloud.network.create_security_group_rule(
        security_group_id=group.id, direction="ingress", protocol="tcp", port_range_min=80, port_range_max=80
    )
    assert wait_for(lambda: _opens(server.address, 80), timeout=20, what="port 80 to open")
    server.cloud.network.delete_security_group_rule(rule)
    assert wait_for(lambda: not _opens(server.address, 80), timeout=20, what="port 80 to close")


def test_soft_reboot_brings_the_guest_back_with_its_address(server: Guest) -> None:
    _soft_reboot(server)


@pytest.mark.slow
def test_ten_soft_reboots_in_a_row(server: Guest) -> None:
    # The switch once listened to a tap that was there for a moment only, now and then: see libvirt's hook of a compute.
    for _ in range(10):
        _soft_reboot(server)


def test_snapshot_of_a_server_is_an_image_that_boots(server: Guest, alpha: Any) -> None:
    image = alpha.compute.create_server_image(server.server, "snapshot", wait=True, timeout=120)
    try:
        assert alpha.image.get_image(image).status == "active"
        copy = _boot(alpha, image.id)
        try:
            assert alpha.compute.wait_for_server(copy, wait=120).status == "ACTIVE"
        finally:
            alpha.compute.delete_server(copy)
            alpha.compute.wait_for_delete(copy, wait=120)
    finally:
        alpha.image.delete_image(image)


def test_snapshot_of_a_volume_becomes_a_volume(alpha: Any) -> None:
    storage, made = alpha.block_storage, []
    try:
        volume = storage.create_volume(name="original", size=1)
        made.append((volume, storage.delete_volume))
        storage.wait_for_status(volume, "available", wait=60)
        snapshot = storage.create_snapshot(volume_id=volume.id, name="snapshot")
        made.append((snapshot, storage.delete_snapshot))
        storage.wait_for_status(snapshot, "available", wait=60)
        copy = storage.create_volume(name="copy", size=1, snapshot_id=snapshot.id)
        made.append((copy, storage.delete_volume))
        assert storage.wait_for_status(copy, "available", wait=90).snapshot_id == snapshot.id
    finally:
        for thing, delete in reversed(made):
            delete(thing)
            storage.wait_for_delete(thing, wait=60)


def test_image_comes_back_as_it_was_sent(alpha: Any) -> None:
    image = alpha.create_image("bytes", data=b"\0" * 4096, disk_format="raw", container_format="bare", wait=True)
    try:
        assert alpha.image.download_image(image.id).content == b"\0" * 4096
    finally:
        alpha.image.delete_image(image)


def test_object_comes_back_as_it_was_sent(connect: Callable[[str], Any]) -> None:
    alpha = connect("devcloud-alpha")
    alpha.object_store.create_container("box")
    try:
        alpha.object_store.upload_object("box", "letter", data=b"dear operator")
        assert alpha.object_store.download_object("letter", container="box") == b"dear operator"
    finally:
        alpha.object_store.delete_object("letter", container="box", ignore_missing=True)
        alpha.object_store.delete_container("box")


def test_reader_sees_what_the_member_made_and_makes_nothing(server: Guest, connect: Callable[[str], Any]) -> None:
    from openstack.exceptions import ForbiddenException

    reader = connect("devcloud-alpha-reader")
    assert reader.compute.get_server(server.server).id == server.server
    with pytest.raises(ForbiddenException):
        reader.network.create_network(name="not allowed")


def test_other_project_does_not_see_the_server(server: Guest, connect: Callable[[str], Any]) -> None:
    from openstack.exceptions import NotFoundException

    with pytest.raises(NotFoundException):
        connect("devcloud-beta").compute.get_server(server.server)


def _soft_reboot(server: Guest) -> None:
    read = "cat /proc/sys/kernel/random/boot_id"
    before = server.ssh(read).stdout
    server.cloud.compute.reboot_server(server.server, "SOFT")
    assert wait_for(
        lambda: server.ssh(read).stdout not in ("", before),
        timeout=120,
        every=1,
        what="the guest to answer after its reboot",
        hint="if its console has no GUEST ADDRESS, its network is deaf; else Nova's log tells what was done",
    )


def _opens(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=3).close()
    except OSError:
        return False
    return True


def _boot(alpha: Any, image: str) -> Any:
    network = alpha.network.find_network("shared", ignore_missing=False)
    flavor = alpha.compute.find_flavor("tiny", ignore_missing=False)
    return alpha.compute.create_server(
        name="copy", image_id=image, flavor_id=flavor.id, networks=[{"uuid": network.id}]
    )
