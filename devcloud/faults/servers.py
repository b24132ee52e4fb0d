"""Servers whose records say something else than what is."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from devcloud.faults.fault import Fault
from devcloud.faults.site import Site
from devcloud.journal import Notes
from pytest_whitebox.core.wait import wait_for

_TIMEOUT = 180
_DEAD_HOST = "gone"
_DOMAIN = """\
<domain type='qemu'>
  <name>{name}</name>
  <memory unit='MiB'>16</memory>
  <os><type arch='x86_64'>hvm</type></os>
</domain>
"""


def make_server(site: Site, notes: Notes) -> None:
    """A server of the fault's own, on the host that faults are made on; waits until it is ACTIVE or in ERROR."""
    compute = site.admin.compute
    server = compute.create_server(
        name=notes.target,
        flavor_id=compute.find_flavor("tiny", ignore_missing=False).id,
        image_id=site.admin.image.find_image("guest", ignore_missing=False).id,
        networks="none",
        availability_zone=f"nova:{site.compute_plan.name}",
    )
    wait_for(
        lambda: compute.get_server(server).status != "BUILD",
        timeout=_TIMEOUT,
        every=0.5,
        what=f"server {notes.target} to be built",
        hint="see `openstack server event list`",
    )


def remove_server(site: Site, notes: Notes) -> None:
    """Delete the fault's own server, whatever became of it."""
    compute = site.admin.compute
    for server in list(compute.servers(name=f"^{notes.target}$")):
        _set_task_state(site, server.id, None)
        compute.delete_server(server, force=True, ignore_missing=True)
        wait_for(
            lambda server=server: compute.find_server(server.id) is None,  # type: ignore[misc]
            timeout=_TIMEOUT,
            every=0.5,
            what=f"server {notes.target} to be deleted",
            hint="see `devcloud logs nova-compute`",
        )


def server_of(site: Site, notes: Notes) -> str:
    """The id of the fault's own server."""
    return str(site.admin.compute.find_server(notes.target, ignore_missing=False).id)


def _set_task_state(site: Site, server: str, state: str | None) -> None:
    site.sql("nova", "UPDATE instances SET task_state = %s WHERE uuid = %s", (state, server))


def _stick(task: str, site: Site, notes: Notes) -> None:
    make_server(site, notes)
    _set_task_state(site, server_of(site, notes), task)


def _is_stuck(task: str, site: Site, notes: Notes) -> str:
    server = site.admin.compute.find_server(notes.target)
    stuck = server is not None and server.task_state == task
    return f"`openstack server show {notes.target}`: {server.status}, task state {task}" if stuck else ""


def _to_error(site: Site, notes: Notes) -> None:
    make_server(site, notes)
    site.admin.compute.reset_server_state(server_of(site, notes), "error")


def _is_in_error(site: Site, notes: Notes) -> str:
    server = site.admin.compute.find_server(notes.target)
    domain = site.compute.run(["virsh", "domstate", server.instance_name], check=False).stdout.strip()
    return f"the server is ERROR, its domain {domain}" if (server.status, domain) == ("ERROR", "running") else ""


def _misplace(site: Site, notes: Notes) -> None:
    make_server(site, notes)
    server = server_of(site, notes)
    notes.put("host", site.compute_plan.name)
    site.sql("nova", "UPDATE instances SET host = %s, node = %s WHERE uuid = %s", (_DEAD_HOST, _DEAD_HOST, server))


def _place(site: Site, notes: Notes) -> None:
    if (host := notes.get("host")) and (server := site.admin.compute.find_server(notes.target)):
        site.sql("nova", "UPDATE instances SET host = %s, node = %s WHERE uuid = %s", (host, host, server.id))
    remove_server(site, notes)


def _is_misplaced(site: Site, notes: Notes) -> str:
    server = site.admin.compute.get_server(server_of(site, notes))
    there = server.instance_name in _domains(site)
    wrong = server.hypervisor_hostname == _DEAD_HOST and there
    return f"the API has it on host {_DEAD_HOST!r}, its domain runs on {site.compute_plan.name}" if wrong else ""


def _lose_domain(site: Site, notes: Notes) -> None:
    make_server(site, notes)
    name = site.admin.compute.get_server(server_of(site, notes)).instance_name
    for verb in ("destroy", "undefine"):
        site.compute.run(["virsh", verb, name], check=False)


def _is_without_domain(site: Site, notes: Notes) -> str:
    server = site.admin.compute.get_server(server_of(site, notes))
    lost = server.instance_name not in _domains(site)
    return f"the API has the server as {server.status}, `virsh list --all` has no {server.instance_name}" * lost


def _define_domain(site: Site, notes: Notes) -> None:
    site.compute.run(["virsh", "define", "/dev/stdin"], input=_DOMAIN.format(name=notes.target))
    site.compute.run(["virsh", "start", notes.target])


def _undefine_domain(site: Site, notes: Notes) -> None:
    for verb in ("destroy", "undefine"):
        site.compute.run(["virsh", verb, notes.target], check=False)


def _is_unknown(site: Site, notes: Notes) -> str:
    known = {server.instance_name for server in site.admin.compute.servers(all_projects=True)}
    unknown = notes.target in _domains(site) and notes.target not in known
    return f"`virsh list --all` on {site.compute_plan.name} has {notes.target}, Nova has no such server" * unknown


def _domains(site: Site) -> set[str]:
    return set(site.compute.run(["virsh", "list", "--all", "--name"]).stdout.split())


def _stuck() -> Iterator[Fault]:
    for task, word in (("deleting", "deleted"), ("resize_prep", "resized"), ("rebooting", "rebooted")):
        yield Fault(
            f"server-stuck-{task.replace('_', '-')}",
            f"a server is being {word}, says its record, and nobody does it (task state {task})",
            f"`openstack server show` has the task state {task} for good, most actions answer 409; its guest runs",
            partial(_stick, task),
            remove_server,
            partial(_is_stuck, task),
            "the task state is cleared, the server deleted",
            lasts=True,
        )


FAULTS: tuple[Fault, ...] = (
    *_stuck(),
    Fault(
        "server-error",
        "a server is in ERROR by its record, while its guest runs",
        "`openstack server list` has it as ERROR, `virsh list` as running",
        _to_error,
        remove_server,
        _is_in_error,
        "the server is deleted",
        lasts=True,
    ),
    Fault(
        "server-on-wrong-host",
        "the record of a server names a host that there is not",
        f"`openstack server show` has the host {_DEAD_HOST}, `virsh list` has its domain where it always was;"
        " whatever is asked of it is not done",
        _misplace,
        _place,
        _is_misplaced,
        "the record gets its host back, the server is deleted",
        lasts=True,
    ),
    Fault(
        "server-without-domain",
        "the domain of a server is undefined behind Nova's back",
        "`openstack server list` has it as ACTIVE until nova-compute looks (within a minute: SHUTOFF);"
        " `virsh list --all` does not have it",
        _lose_domain,
        remove_server,
        _is_without_domain,
        "the server is deleted",
        lasts=True,
    ),
    Fault(
        "domain-without-server",
        "a domain runs on the last compute host that Nova does not know",
        "`virsh list` has it, no server belongs to it; nova-compute's log counts one domain more than servers",
        _define_domain,
        _undefine_domain,
        _is_unknown,
        "the domain is destroyed and undefined",
        lasts=True,
    ),
)
