"""What backends keep of volumes, and Cinder not any more."""

from __future__ import annotations

import re

from pytest_whitebox.core.databases import Databases
from pytest_whitebox.core.hosts import Host, Hosts
from pytest_whitebox.core.orphans.orphan import Orphan

_VOLUMES = "SELECT id FROM volumes WHERE deleted = 0"
#: How Cinder's drivers name what they make of a volume.
VOLUME = re.compile(r"\bvolume-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")


def without_volume(hosts: Hosts, database: Databases) -> set[Orphan]:
    """Logical volumes and files, on hosts of cinder-volume, of volumes that are deleted."""
    return {
        Orphan("data", volume, host.name, "volume")
        for host in hosts.running("cinder-volume")
        for volume in kept(host) - {row.id for row in database("cinder").rows(_VOLUMES)}
    }


def kept(host: Host) -> set[str]:
    """The volumes that a host keeps the bytes of, as logical volumes or as files where shares are mounted."""
    folder = host.service("cinder-volume").config.get("DEFAULT", "state_path") or "/var/lib/cinder"
    files = host.run(["find", f"{folder}/mnt", "-maxdepth", "2", "-name", "volume-*"], check=False).stdout
    logical = host.run(["lvs", "--noheadings", "-o", "lv_name"], check=False).stdout
    return set(VOLUME.findall(files + logical))
