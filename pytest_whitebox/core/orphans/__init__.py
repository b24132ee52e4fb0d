"""Orphans across layers: what hosts and databases have of something that no API has any more.

What is just being made or removed may look like one: only what is `lasting` is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from pytest_whitebox.core.databases import Databases
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.hosts import Host, Hosts
from pytest_whitebox.core.orphans import block_storage, compute, network, placement
from pytest_whitebox.core.orphans.orphan import Orphan

__all__ = ["LOOKS", "Look", "Orphan", "orphans"]

Look = Callable[[Hosts, Databases], set[Orphan]]
#: Where to look, by what is looked for.
LOOKS: Mapping[str, Look] = MappingProxyType(
    {
        "domains": compute.without_server,
        "folders of servers": compute.folders_without_server,
        "PCI devices of servers": compute.devices_without_server,
        "allocations": placement.without_consumer,
        "plugs of ports": network.without_port,
        "data of volumes": block_storage.without_volume,
    }
)


def orphans(hosts: Hosts, databases: Databases, unseen: Callable[[str], None] = lambda _: None) -> Iterator[Orphan]:
    """All there are at this moment; ``unseen`` is told where it could not be looked, and why.

    A host that cannot be reached is left out, and told once. Its folders may be seen on others, too: those are looked
    at on all hosts or on none.
    """
    reached = Hosts(host for host in hosts if _answers(host, unseen))
    for what, look in LOOKS.items():
        if look is compute.folders_without_server and len(reached.computes) < len(hosts.computes):
            unseen(f"{what}: a host that may share them cannot be reached")
            continue
        try:
            yield from look(reached, databases)
        except StackproofError as error:
            unseen(f"{what}: {error}")


def _answers(host: Host, unseen: Callable[[str], None]) -> bool:
    try:
        host.run(["true"])
    except StackproofError as error:
        unseen(f"{host.name}: {error}")
        return False
    return True
