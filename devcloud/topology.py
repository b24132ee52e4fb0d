"""Which hosts there are and which addresses they have."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network

CONTROLLER = "controller"
COMPUTE = "compute"
#: The networks of the fabric: its bridges inside the fabric's namespace, and the MTU of every cable on them.
#: The tunnel network is wider, so that a guest's 1442 bytes and their Geneve header fit.
BRIDGES = {"mgmt": 1500, "tunnel": 1600, "external": 1500}
GUEST_MTU = 1442
#: How many compute hosts a cloud may have; each takes some 0.5 GiB without guests.
COMPUTES = range(1, 10)
#: What a cloud's subnet is chosen from; each takes two networks.
SUBNETS = range(77, 99, 2)


@dataclass(frozen=True, slots=True)
class HostPlan:
    """One host: its name, its role and its addresses."""

    name: str
    role: str
    mgmt: IPv4Address
    tunnel: IPv4Address


@dataclass(frozen=True)
class Topology:
    """The networks and hosts of a cloud.

    >>> topology = Topology(subnet=77, computes=1)
    >>> [(host.name, str(host.mgmt)) for host in topology.hosts]
    [('controller', '10.213.77.11'), ('compute1', '10.213.77.21')]
    """

    subnet: int
    computes: int = 2

    @cached_property
    def mgmt(self) -> IPv4Network:
        """Hosts, APIs and the machine itself."""
        return IPv4Network(f"10.213.{self.subnet}.0/24")

    @cached_property
    def external(self) -> IPv4Network:
        """Routers, floating IPs and the machine itself."""
        return IPv4Network(f"10.213.{self.subnet + 1}.0/24")

    @cached_property
    def tunnel(self) -> IPv4Network:
        """Geneve between the hosts; the machine has no part in it."""
        return IPv4Network("10.214.0.0/24")

    @cached_property
    def hosts(self) -> tuple[HostPlan, ...]:
        """The controller, then the computes."""
        computes = [(f"compute{n}", COMPUTE, 20 + n) for n in range(1, self.computes + 1)]
        return tuple(
            HostPlan(name, role, self.mgmt[byte], self.tunnel[byte])
            for name, role, byte in [("controller", CONTROLLER, 11), *computes]
        )

    @property
    def controller(self) -> HostPlan:
        """The host that has the APIs."""
        return self.hosts[0]

    def on_machine(self, bridge: str) -> str:
        """Name of the machine's own interface on a bridge of the fabric (at most 15 characters)."""
        return f"dc{self.subnet}-{bridge}"[:15]
