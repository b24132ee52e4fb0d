"""The hosts of a cloud, as its own services report them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, overload

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.host import Host
from pytest_whitebox.core.report import Sighting, allowed, forcing_of, report_of, sightings
from pytest_whitebox.core.ssh import SshTransport

#: The role of a host by the service that runs on it.
ROLES: Mapping[str, str] = MappingProxyType(
    {
        "nova-compute": "compute",
        "nova-conductor": "controller",
        "nova-scheduler": "controller",
        "cinder-scheduler": "controller",
    }
)


class Hosts(Sequence[Host]):
    """Hosts in the order of their names; also by name: ``hosts["compute1"]``."""

    def __init__(self, hosts: Iterable[Host]) -> None:
        self._hosts = tuple(sorted(hosts, key=lambda host: host.name))

    @classmethod
    def discover(cls, connection: Any, *, ssh_config: Path | None = None) -> Hosts:
        """Ask Nova, Cinder and Neutron who runs where; nothing connects to a host yet.

        ``connection`` is openstacksdk's, of an administrator; ``ssh_config`` leads to the hosts (by default the
        user's own). Raises `StackproofError` if the user may not see the services, or there are none.
        """
        found = hosts_of(sightings(connection), _hypervisors(connection))
        if not found:
            raise StackproofError("the cloud reports no services", hint="are nova-compute and its scheduler running?")
        return cls(_host(one, connection, ssh_config) for one in found)

    @property
    def computes(self) -> Hosts:
        """Those that run nova-compute."""
        return self._with("compute")

    @property
    def controllers(self) -> Hosts:
        """Those that run a conductor or a scheduler."""
        return self._with("controller")

    def running(self, service: str) -> Hosts:
        """Those on which the cloud knows a service."""
        return Hosts(host for host in self._hosts if service in host.services)

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
            if host.name == key:
                return host
        raise StackproofError(f"no host is called {key!r}", hint=f"known are {self._names() or 'none'}")

    def __repr__(self) -> str:
        return f"<hosts {self._names() or 'none'}>"

    def _names(self) -> str:
        return ", ".join(host.name for host in self._hosts)

    def _with(self, role: str) -> Hosts:
        return Hosts(host for host in self._hosts if role in host.roles)


@dataclass(frozen=True, slots=True)
class Found:
    """What the APIs tell of one host."""

    name: str
    address: str | None = None
    services: tuple[str, ...] = ()
    roles: frozenset[str] = field(default_factory=frozenset)


def hosts_of(seen: Iterable[Sighting], hypervisors: Iterable[tuple[str, str]]) -> list[Found]:
    """Bring together what several APIs say of a host; ``hypervisors`` are pairs of host and address.

    >>> hosts_of([Sighting("nova-compute", "compute1", True, "")], [("compute1", "10.0.0.21")])
    [Found(name='compute1', address='10.0.0.21', services=('nova-compute',), roles=frozenset({'compute'}))]
    """
    services: dict[str, set[str]] = {}
    for one in seen:
        services.setdefault(one.host, set()).add(one.service)
    addresses = dict(hypervisors)
    return [
        Found(
            name, addresses.get(name), tuple(sorted(running)), frozenset(ROLES[one] for one in running if one in ROLES)
        )
        for name, running in sorted(services.items())
    ]


def _hypervisors(connection: Any) -> list[tuple[str, str]]:
    listed = allowed(lambda cloud: cloud.compute.hypervisors(details=True), connection)
    return [((one.service_details or {}).get("host", one.name), one.host_ip) for one in listed if one.host_ip]


def _host(found: Found, connection: Any, ssh_config: Path | None) -> Host:
    transport = SshTransport(found.name, address=found.address, ssh_config=ssh_config)
    return Host(
        found.name, transport, address=transport.address, services=found.services, roles=found.roles,
        reports=lambda service: report_of(connection, found.name, service),
        forcing=lambda service: forcing_of(connection, found.name, service),
    )  # fmt: skip
