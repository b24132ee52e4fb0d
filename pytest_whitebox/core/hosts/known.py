"""What is known of the hosts of a cloud: all that its APIs and an inventory say, each with who says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pytest_whitebox.core.hosts.names import canonical
from pytest_whitebox.core.hosts.report import Sighting
from pytest_whitebox.core.inventories import HostEntry, Inventory

#: The role of a host by a service that runs on it.
ROLES: Mapping[str, str] = MappingProxyType(
    {
        "cinder-backup": "storage",
        "cinder-scheduler": "controller",
        "cinder-volume": "storage",
        "neutron-dhcp-agent": "network",
        "neutron-l3-agent": "network",
        "neutron-metering-agent": "network",
        "neutron-server": "controller",
        "nova-compute": "compute",
        "nova-conductor": "controller",
        "nova-scheduler": "controller",
    }
)


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is known of a host, and who says so; of several addresses the first counts."""

    name: str
    value: str
    source: str


@dataclass(frozen=True, slots=True)
class Known:
    """A host by the name that Nova has for it; ``names`` are all that it has."""

    name: str
    names: tuple[str, ...]
    facts: tuple[Fact, ...]
    entry: HostEntry | None = None

    @property
    def address(self) -> str | None:
        """Where it is, if anybody says so."""
        return next(iter(self._values("address")), None)

    @property
    def services(self) -> tuple[str, ...]:
        """The services that run on it, as far as anybody says so."""
        return tuple(sorted(set(self._values("service"))))

    @property
    def roles(self) -> frozenset[str]:
        """What it is for."""
        return frozenset(self._values("role"))

    def _values(self, name: str) -> Iterator[str]:
        return (fact.value for fact in self.facts if fact.name == name)


def gather(
    seen: Iterable[Sighting], hypervisors: Iterable[tuple[str, str]], inventory: Inventory | None = None
) -> list[Known]:
    """Bring together what several APIs and an inventory say; ``hypervisors`` are pairs of host and address.

    >>> (host,) = gather([Sighting("nova-compute", "compute1", True, "", "os-services")], [("compute1", "10.0.0.21")])
    >>> host.address, host.roles
    ('10.0.0.21', frozenset({'compute'}))
    """
    inventory = inventory or Inventory()
    # Nova's names first: its database and its APIs have no other.
    sightings = sorted(seen, key=lambda one: not one.service.startswith("nova"))
    addresses = dict(hypervisors)
    entries = {_reported(entry, addresses): entry for entry in inventory.hosts}
    names = canonical([*(one.host for one in sightings), *addresses, *entries])
    facts: dict[str, list[Fact]] = {}
    for name, entry in entries.items():
        facts.setdefault(names[name], []).extend(_entered(entry, inventory.source))
    for name, address in addresses.items():
        facts.setdefault(names[name], []).append(Fact("address", address, "os-hypervisors"))
    for one in sightings:
        facts.setdefault(names[one.host], []).extend(_seen(one))
    listed = {names[name]: entry for name, entry in entries.items()}
    return [
        Known(host, tuple(_names(host, names, listed.get(host))), tuple(dict.fromkeys(told)), listed.get(host))
        for host, told in sorted(facts.items())
        if not _only_a_way(host, listed, facts[host], inventory)
    ]


def _reported(entry: HostEntry, addresses: Mapping[str, str]) -> str:
    """The name that Nova has for a host of the inventory, if it has another name there but the same address."""
    same = [name for name, address in addresses.items() if entry.login.address == address and address]
    return same[0] if len(same) == 1 and entry.name not in addresses else entry.name


def _names(host: str, names: Mapping[str, str], entry: HostEntry | None) -> Iterable[str]:
    others = [name for name, first in names.items() if first == host and name != host]
    return dict.fromkeys([host, *others, *([entry.name] if entry else [])])


def _entered(entry: HostEntry, source: str) -> Iterator[Fact]:
    if entry.login.address:
        yield Fact("address", entry.login.address, source)
    if entry.deployment:
        yield Fact("deployment", entry.deployment, source)
    yield from (Fact("service", service, source) for service in sorted(entry.services))
    yield from (Fact("role", role, source) for role in entry.roles)
    yield from (Fact("role", ROLES[one], f"{source}: {one}") for one in sorted(entry.services) if one in ROLES)


def _seen(one: Sighting) -> Iterator[Fact]:
    yield Fact("service", one.service, one.source)
    if one.service in ROLES:
        yield Fact("role", ROLES[one.service], f"{one.source}: {one.service}")


def _only_a_way(host: str, listed: Mapping[str, HostEntry], facts: Iterable[Fact], inventory: Inventory) -> bool:
    """True for a host that is in the inventory because others are reached through it, and for nothing else."""
    entry = listed.get(host)
    if entry is None or {fact.name for fact in facts} - {"address", "deployment"}:
        return False
    return any(one.login.jump and one.login.jump.name == entry.name for one in inventory.hosts)
