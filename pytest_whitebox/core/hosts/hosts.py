"""The hosts of a cloud, as its own services report them, and as an inventory has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, overload

from pytest_whitebox.core.deployments import PodTransport, detect, is_pod
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.hosts.described import deployment_of
from pytest_whitebox.core.hosts.host import Host
from pytest_whitebox.core.hosts.known import Known, gather
from pytest_whitebox.core.hosts.report import allowed, contact_with, sightings
from pytest_whitebox.core.inventories import Inventory
from pytest_whitebox.core.transports import (
    Container,
    ContainerTransport,
    Login,
    SshTransport,
    Transport,
    is_here,
    local_transport,
)


class Hosts(Sequence[Host]):
    """Hosts in the order of their names; also by any name that an API has for it: ``hosts["compute1"]``."""

    def __init__(self, hosts: Iterable[Host]) -> None:
        self._hosts = tuple(sorted(hosts, key=lambda host: host.name))

    @classmethod
    def discover(cls, connection: Any, *, ssh_config: Path | None = None, inventory: Inventory | None = None) -> Hosts:
        """Ask Nova, Cinder and Neutron who runs where; nothing connects to a host yet.

        ``connection`` is openstacksdk's, of an administrator; ``ssh_config`` leads to the hosts (by default the
        user's own), and what the inventory says of them comes before what the APIs say. Raises `StackproofError` if
        the user may not see the services, or there are none.
        """
        found = gather(sightings(connection), _hypervisors(connection), inventory)
        if not found:
            raise StackproofError("the cloud reports no services", hint="are nova-compute and its scheduler running?")
        return cls(_host(one, connection, ssh_config, inventory) for one in found)

    @property
    def computes(self) -> Hosts:
        """Those that run nova-compute."""
        return self._with("compute")

    @property
    def controllers(self) -> Hosts:
        """Those that run a conductor, a scheduler or Neutron's server."""
        return self._with("controller")

    @property
    def networks(self) -> Hosts:
        """Those that route, or give guests their addresses."""
        return self._with("network")

    @property
    def storages(self) -> Hosts:
        """Those that keep volumes or their backups."""
        return self._with("storage")

    def running(self, service: str) -> Hosts:
        """Those on which the cloud, or the inventory, knows a service; one that none of them knows is looked for.

        >>> Hosts([]).running("glance-api")
        <hosts none>
        """
        told = [host for host in self._hosts if service in host.services]
        return Hosts(told or [host for host in self._hosts if host.service(service).exists])

    def close(self) -> None:
        """Let go of all connections."""
        for host in self._hosts:
            with suppress(StackproofError):
                host.close()

    def __enter__(self) -> Hosts:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self._hosts)

    def __iter__(self) -> Iterator[Host]:
        return iter(self._hosts)

    @overload
    def __getitem__(self, key: int | str) -> Host: ...
    @overload
    def __getitem__(self, key: slice) -> Hosts: ...
    def __getitem__(self, key: int | str | slice) -> Host | Hosts:
        if isinstance(key, slice):
            return Hosts(self._hosts[key])
        if isinstance(key, int):
            return self._hosts[key]
        for host in self._hosts:
            if key in host.names:
                return host
        raise StackproofError(f"no host is called {key!r}", hint=f"known are {self._names() or 'none'}")

    def __repr__(self) -> str:
        return f"<hosts {self._names() or 'none'}>"

    def _names(self) -> str:
        return ", ".join(host.name for host in self._hosts)

    def _with(self, role: str) -> Hosts:
        return Hosts(host for host in self._hosts if role in host.roles)


def _hypervisors(connection: Any) -> list[tuple[str, str]]:
    listed = allowed(lambda cloud: cloud.compute.hypervisors(details=True), connection)
    return [((one.service_details or {}).get("host", one.name), one.host_ip) for one in listed if one.host_ip]


def _host(known: Known, connection: Any, ssh_config: Path | None, inventory: Inventory | None) -> Host:
    entry, general = known.entry, inventory.login if inventory else None
    transport = way_to(known, ssh_config, general)
    deploy = partial(deployment_of, entry) if entry else detect
    return Host(
        known.name, transport, address=known.address, services=known.services, roles=known.roles, facts=known.facts,
        names=known.names, deploy=deploy, contact=lambda service: contact_with(connection, known.names, service),
    )  # fmt: skip


def way_to(known: Known, ssh_config: Path | None, login: Login | None = None) -> Transport:
    """The transport to a host: SSH, unless it is this machine, or a container, or a pod that has none."""
    entry = known.entry
    if entry is None and is_pod(known.name):
        return PodTransport(known.name)
    if (entry and entry.local) or (entry is None and is_here(known.names, known.address)):
        way: Transport = local_transport()
    else:
        way = SshTransport(
            known.name, address=known.address, ssh_config=ssh_config, login=entry.login if entry else login
        )
    return (
        ContainerTransport(way, Container(entry.container, entry.engine or "podman"))
        if entry and entry.container
        else way
    )
