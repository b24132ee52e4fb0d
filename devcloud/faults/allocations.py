"""What Placement believes to be used, and is not; or is used without its knowing."""

from __future__ import annotations

import uuid
from typing import Any

from devcloud.faults.fault import Fault
from devcloud.faults.servers import make_server, remove_server, server_of
from devcloud.faults.site import Site
from devcloud.journal import Notes

_VERSION = "1.28"


def _orphan(site: Site, notes: Notes) -> None:
    consumer = str(uuid.uuid4())
    notes.put("consumer", consumer)
    providers = site.admin.placement.get("/resource_providers", microversion=_VERSION).json()["resource_providers"]
    here = next(found["uuid"] for found in providers if found["name"] == site.compute_plan.name)
    body = {
        "allocations": {here: {"resources": {"VCPU": 1, "MEMORY_MB": 128}}},
        "project_id": site.admin.current_project_id,
        "user_id": site.admin.current_user_id,
        "consumer_generation": None,
    }
    site.admin.placement.put(f"/allocations/{consumer}", json=body, microversion=_VERSION)


def _remove_orphan(site: Site, notes: Notes) -> None:
    if consumer := notes.get("consumer"):
        site.admin.placement.delete(f"/allocations/{consumer}", raise_exc=False, microversion=_VERSION)


def _is_orphaned(site: Site, notes: Notes) -> str:
    program = f"{site.cloud.programs('nova')}/nova-manage"
    said = site.controller.run([program, "placement", "audit", "--verbose"], check=False, timeout=60).stdout
    found = [line for line in said.splitlines() if notes.get("consumer") in line]
    return f"`nova-manage placement audit --verbose`: {found[0].partition(':')[0]}" if found else ""


def _lose(site: Site, notes: Notes) -> None:
    make_server(site, notes)
    site.admin.placement.delete(f"/allocations/{server_of(site, notes)}", microversion=_VERSION)


def _is_lost(site: Site, notes: Notes) -> str:
    server = site.admin.compute.get_server(server_of(site, notes))
    lost = not _allocated(site, server.id) and server.status == "ACTIVE"
    return f"the server is ACTIVE, `openstack resource provider allocation show {server.id}` is empty" * lost


def _allocated(site: Site, consumer: str) -> dict[str, Any]:
    said = site.admin.placement.get(f"/allocations/{consumer}", microversion=_VERSION).json()
    allocations: dict[str, Any] = said["allocations"]
    return allocations


FAULTS: tuple[Fault, ...] = (
    Fault(
        "allocation-orphaned",
        "Placement holds 1 VCPU and 128 MiB of the last compute host for a server that there is not",
        "the host has less room than its servers take; `nova-manage placement audit --verbose` names the consumer",
        _orphan,
        _remove_orphan,
        _is_orphaned,
        "the allocation is deleted",
        lasts=True,
    ),
    Fault(
        "allocation-missing",
        "Placement holds nothing for a server that runs",
        "`openstack resource provider allocation show SERVER` is empty, more is scheduled to the host than fits;"
        " `nova-manage placement heal_allocations --dry-run` names the server",
        _lose,
        remove_server,
        _is_lost,
        "the server is deleted",
        lasts=True,
    ),
)
