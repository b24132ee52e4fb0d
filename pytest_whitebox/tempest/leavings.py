"""What runs that were killed have left, removed by the next run of the same user on the same machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pytest_whitebox.core.errors import StackproofError, plain
from pytest_whitebox.core.ledger import Ledger
from pytest_whitebox.core.wait import wait_for
from pytest_whitebox.facts.catalog import service_types
from pytest_whitebox.remove import REMOVALS, Undo
from pytest_whitebox.tempest import journal, roles
from pytest_whitebox.tempest.journal import Left
from pytest_whitebox.tempest.private import strike

if TYPE_CHECKING:
    from openstack.connection import Connection

    from pytest_whitebox.core.clouds import Choice
    from pytest_whitebox.session import Session

_PATIENCE = 180  # seconds for servers and volumes to be gone
#: What the ledger calls the one that Neutron makes for each project.
GROUP = "default security group of"


def remove(session: Session) -> list[str]:
    """Strike the passwords from their files, and remove what they made in the cloud of this run; tell what was done."""
    told: list[str] = []
    with journal.dead() as found:
        for left in found:
            strike(left.run)
        told += [_elsewhere(left) for left in found if not left.is_in(session.choice)]
        here = [left for left in found if left.is_in(session.choice)]
        told += _in_cloud(session.choice, here) if session.choice and here else ()
    return told


def leave(connection: Connection, project: str) -> None:
    """Remove the default security group of a project, which Neutron keeps when the project is gone."""
    api: Any = connection
    for own in _ids(connection, project):
        for group in _of(own, api.network.security_groups(project_id=own)):
            api.network.delete_security_group(group)


#: How things are undone by the words of the ledger: all of a kind that has a name.
_UNDOS: Mapping[str, Undo] = MappingProxyType({**REMOVALS, GROUP: leave, roles.NEED: roles.give_up})


def _elsewhere(left: Left) -> str:
    name = left.cloud["name"]
    what = f"what run {left.id}, which was killed, made in cloud {name} is still there"
    return f"{what}; the next run with that cloud removes it"


def _in_cloud(choice: Choice, found: list[Left]) -> Iterator[str]:
    from pytest_whitebox.cloud import Cloud

    try:
        with Cloud.connect(choice) as cloud:
            yield from (_removed(cloud.connection, left) for left in found)
    except StackproofError as error:
        names = ", ".join(left.id for left in found)
        yield f"what killed runs made ({names}) is still in the cloud: {error.sentence}"


def _removed(connection: Connection, left: Left) -> str:
    ledger, known = Ledger(), [entry for what in left.made if (entry := _entry(what))]
    for kind, name in known:
        ledger.add(f"{kind} {name}", partial(_UNDOS[kind], connection, name))
    # Undone before all that is in the ledger already.
    for project in [name for kind, name in known if kind == "project"]:
        ledger.add(f"what tests made in {project}", partial(_empty, connection, project))
    failures = ledger.unwind()
    run = f"run {left.id}, which was killed"
    if failures:
        why = "; ".join(f"{getattr(one, '__notes__', [''])[-1]}: {plain(one)}" for one in failures.exceptions)
        return f"{len(failures.exceptions)} of {len(known)} things that {run}, had made are still there: {why}"
    left.file.unlink(missing_ok=True)
    return f"removed the {len(known)} things that {run}, had made"


def _entry(what: str) -> tuple[str, str] | None:
    """A kind and a name of the ledger; None for what is only of the process, such as its connections."""
    kind = max((kind for kind in _UNDOS if what.startswith(f"{kind} ")), key=len, default="")
    return (kind, what[len(kind) + 1 :]) if kind else None


def _empty(connection: Connection, project: str) -> None:
    """Remove what tests had made in a project of the run when it was killed, as far as it holds what the run made.

    That is servers, addresses, ports and volumes; of all else `pytest-cleanup` knows.
    """
    api: Any = connection
    types = service_types(connection)
    for own in _ids(connection, project):
        if "compute" in types:
            _delete("servers", partial(_servers, api.compute, own), api.compute.delete_server)
        if "network" in types:
            for ip in _of(own, api.network.ips(project_id=own)):
                api.network.delete_ip(ip)
            for port in _of(own, api.network.ports(project_id=own)):
                if not str(port.device_owner).startswith("network:"):
                    api.network.delete_port(port)
        if "block-storage" in types:
            _delete("volumes", partial(_volumes, api.block_storage, own), api.block_storage.delete_volume)


def _ids(connection: Connection, project: str) -> list[str]:
    api: Any = connection.identity
    return [one.id for one in api.projects(name=project) if one.name == project]


def _servers(compute: Any, project: str) -> list[Any]:
    return _of(project, compute.servers(all_projects=True))


def _volumes(store: Any, project: str) -> list[Any]:
    return _of(project, store.volumes(all_projects=True))


def _of(project: str, things: Iterable[Any]) -> list[Any]:
    """Those of a project: whatever a service lists, nothing else is touched."""
    return [thing for thing in things if thing.project_id == project]


def _delete(what: str, look: Callable[[], list[Any]], delete: Callable[[Any], object]) -> None:
    for thing in look():
        delete(thing)
    wait_for(lambda: not look(), timeout=_PATIENCE, every=1, what=f"{what} of a killed run to be gone")
