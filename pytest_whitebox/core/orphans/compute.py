"""What compute hosts have of servers, and Nova not any more."""

from __future__ import annotations

import re

from pytest_whitebox.core.databases import Databases
from pytest_whitebox.core.hosts import Host, Hosts
from pytest_whitebox.core.orphans.orphan import Orphan

_HERE = "SELECT uuid FROM instances WHERE host = :host AND deleted = 0"
_LEAVING = """
    SELECT instance_uuid FROM migrations WHERE source_compute = :host AND deleted = 0
    AND status NOT IN ('completed', 'confirmed', 'reverted', 'error', 'failed', 'cancelled')
"""
_FOLDER = re.compile(r"^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:_resize|_del)?$")


def without_server(hosts: Hosts, database: Databases) -> set[Orphan]:
    """Domains of libvirt whose server is not on their host, and not just leaving it."""
    return {
        Orphan("domain", uuid, host.name, "server")
        for host in hosts.computes
        for uuid in domains(host) - servers(database, host)
    }


def folders_without_server(hosts: Hosts, database: Databases) -> set[Orphan]:
    """Folders with disks of servers that are not on their host; hosts that see the same folders share them."""
    found = {host: folders(host) for host in hosts.computes}
    known = {host: servers(database, host) for host in hosts.computes}
    return {
        Orphan("folder", uuid, host.name, "server")
        for host, uuids in found.items()
        for uuid in uuids
        if not any(uuid in known[other] for other in found if found[other] == uuids)
    }


def servers(database: Databases, host: Host) -> set[str]:
    """The servers that Nova's database has on a host, and those that are leaving it."""
    cell = database.cell_of_host(host.name)
    return {row[0] for query in (_HERE, _LEAVING) for row in cell.rows(query, host=host.name)}


def domains(host: Host, *which: str) -> set[str]:
    """The domains of a host, those that do not run too."""
    words = which or ("--all",)
    return set(host.run(["virsh", "--connect", host.deployment.libvirt_uri, "list", "--uuid", *words]).stdout.split())


def folders(host: Host) -> set[str]:
    """The servers that a host has a folder of, for their disks."""
    path = host.service("nova-compute").config.get("DEFAULT", "instances_path") or "/var/lib/nova/instances"
    names = host.run(["ls", "-1", path]).stdout.splitlines()
    return {found[1] for name in names if (found := _FOLDER.match(name))}
