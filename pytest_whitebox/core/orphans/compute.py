"""What compute hosts have of servers, and Nova not any more."""

from __future__ import annotations

import re

from pytest_whitebox.core.databases import Databases
from pytest_whitebox.core.hosts import Host, Hosts
from pytest_whitebox.core.orphans.orphan import Orphan

_HERE = "SELECT uuid FROM instances WHERE host = :host AND deleted = 0"
_MOVING = """
    SELECT instance_uuid FROM migrations WHERE :host IN (source_compute, dest_compute) AND deleted = 0
    AND status NOT IN ('completed', 'confirmed', 'reverted', 'error', 'failed', 'cancelled')
"""
_TAKEN_FALSELY = """
    SELECT d.address, d.instance_uuid, n.host FROM pci_devices d JOIN compute_nodes n ON n.id = d.compute_node_id
    WHERE d.status IN ('claimed', 'allocated') AND d.deleted = 0
    AND NOT EXISTS (SELECT 1 FROM instances i WHERE i.uuid = d.instance_uuid AND i.host = n.host AND i.deleted = 0)
    AND NOT EXISTS (
        SELECT 1 FROM migrations m WHERE m.instance_uuid = d.instance_uuid AND m.deleted = 0
        AND n.host IN (m.source_compute, m.dest_compute)
        AND m.status NOT IN ('completed', 'confirmed', 'reverted', 'error', 'failed', 'cancelled')
    )
"""
_FOLDER = re.compile(r"^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:_resize|_del)?$")


def without_server(hosts: Hosts, database: Databases) -> set[Orphan]:
    """Domains of libvirt whose server is not on their host, and not just moving to or from it."""
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


def devices_without_server(hosts: Hosts, database: Databases) -> set[Orphan]:
    """PCI devices that Nova's database has in use by a server that is not on their host, nor moving to or from it."""
    return {
        Orphan(f"PCI device {row.address}", row.instance_uuid or "nobody", row.host, "server")
        for cell in {database.cell_of_host(host.name) for host in hosts.computes}
        for row in cell.rows(_TAKEN_FALSELY)
    }


def servers(database: Databases, host: Host) -> set[str]:
    """The servers that Nova's database has on a host, and those that are moving to or from it."""
    cell = database.cell_of_host(host.name)
    return {row[0] for query in (_HERE, _MOVING) for row in cell.rows(query, host=host.name)}


def domains(host: Host, *which: str) -> set[str]:
    """The domains of a host, those that do not run too."""
    words = which or ("--all",)
    return set(host.run(["virsh", "--connect", host.deployment.libvirt_uri, "list", "--uuid", *words]).stdout.split())


def folders(host: Host) -> set[str]:
    """The servers that a host has a folder of, for their disks."""
    path = host.service("nova-compute").config.get("DEFAULT", "instances_path") or "/var/lib/nova/instances"
    names = host.run(["ls", "-1", path]).stdout.splitlines()
    return {found[1] for name in names if (found := _FOLDER.match(name))}
