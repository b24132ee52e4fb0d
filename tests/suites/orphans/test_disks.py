"""Images that the disks of servers lie on, and those that are kept for the next: none is missing, none is forgotten."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pytest_whitebox.core.command import CommandFailed
from pytest_whitebox.core.hosts import Host, Hosts
from pytest_whitebox.core.lasting import lasting
from pytest_whitebox.server import Server

from .conftest import on_each

pytestmark = pytest.mark.requires("libvirt")

OFF = ("false", "no", "off", "0")
#: Seconds after which Nova forgets an image that nothing lies on, between two looks for such, and for the look itself.
UNUSED, INTERVAL, SLACK = 86400, 2400, 3600


@pytest.mark.idempotent_id("18e77089-e866-465c-a0d6-268f83d428af")
def test_each_disk_has_the_image_that_it_lies_on(hosts: Hosts, well: Server) -> None:
    assert under(well) in overlays(well.host).values()

    def gone(host: Host) -> set[str]:
        return {disk for disk, base in overlays(host).items() if base and not host.file(base).exists}

    assert not lasting(on_each(hosts.computes, gone))


@pytest.mark.idempotent_id("d27a6435-3028-474e-9aef-c7220fac539e")
def test_no_image_is_kept_for_longer_than_nova_says(hosts: Hosts, well: Server) -> None:
    assert under(well) in kept(well.host, minutes=0)

    def forgotten(host: Host) -> set[str]:
        config = host.service("nova-compute").config
        if (config.get("image_cache", "remove_unused_base_images") or "").lower() in OFF:
            return set()
        unused, interval = (int(config.get("image_cache", option) or default) for option, default in (
            ("remove_unused_original_minimum_age_seconds", UNUSED), ("manager_interval", INTERVAL),
        ))  # fmt: skip
        return kept(host, minutes=(unused + interval + SLACK) // 60) - set(overlays(host).values())

    assert not lasting(on_each(hosts.computes, forgotten))


def under(server: Server) -> str:
    """The image that the first disk of a server lies on; skips if it lies on none."""
    disk = str(server.domain.disks["vda"].source)
    if not (base := overlays(server.host).get(disk)):
        pytest.skip("needs disks that are overlays of a kept image: [libvirt] images_type = qcow2 of nova-compute")
    return base


def overlays(host: Host) -> Mapping[str, str]:
    """The disks in the folder of the servers, each with the image that it lies on, if any."""
    found = host.run(["find", folder(host), "-mindepth", "2", "-maxdepth", "2", "-name", "disk"], check=False).stdout
    return {disk: base for disk in found.split() if (base := below(host, disk)) is not None}


def below(host: Host, disk: str) -> str | None:
    """The image that a disk lies on; None if it has just gone."""
    try:
        return host.qemu_img(disk).backing
    except CommandFailed:
        return None


def kept(host: Host, *, minutes: int) -> set[str]:
    """Images that a host keeps for servers to come, and has not written or used for so many minutes."""
    age = ["-mmin", f"+{minutes}"] if minutes else []
    found = host.run(["find", f"{folder(host)}/_base", "-maxdepth", "1", "-type", "f", *age], check=False).stdout
    return set(found.split())


def folder(host: Host) -> str:
    """Where a host has the disks of servers."""
    return host.service("nova-compute").config.get("DEFAULT", "instances_path") or "/var/lib/nova/instances"
