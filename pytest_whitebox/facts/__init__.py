"""What a cloud has, as far as a test may require it; each fact is asked for once, when it is first needed."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pytest_whitebox import images
from pytest_whitebox.facts import catalog, placement, storage
from pytest_whitebox.facts.computes import Compute, look

if TYPE_CHECKING:
    from openstack.connection import Connection

    from pytest_whitebox.core.hosts import Hosts

_LIBVIRT = frozenset({"QEMU", "KVM", "LXC", "PARALLELS"})


class Facts:
    """The facts of one cloud: by its APIs, and of its compute hosts by a look at them; ``began`` is the session's."""

    def __init__(self, connection: Connection, hosts: Callable[[], Hosts], began: float) -> None:
        self._connection: Any = connection
        self._hosts = hosts
        self._began = began

    @cached_property
    def service_types(self) -> frozenset[str]:
        """The services of the catalog by their official types: ``block-storage``, not ``volumev3``."""
        return catalog.service_types(self._connection)

    @cached_property
    def is_admin(self) -> bool:
        """True if the user may see which services of Nova run where, as an administrator may."""
        return catalog.is_admin(self._connection)

    @cached_property
    def microversion(self) -> str:
        """The highest microversion that Nova speaks."""
        return catalog.microversion(self._connection)

    @cached_property
    def guest_image(self) -> Any:
        """The image that guests boot from where nobody has named one: it was there when the session began."""
        return images.default(self._connection, self._began)

    @cached_property
    def hypervisors(self) -> tuple[Any, ...]:
        """The hypervisors that are up."""
        return tuple(found for found in self._connection.compute.hypervisors(details=True) if found.state == "up")

    @property
    def computes(self) -> int:
        """How many hypervisors are up."""
        return len(self.hypervisors)

    @property
    def has_libvirt(self) -> bool:
        """True if a hypervisor that is up is driven by libvirt."""
        return any(str(found.hypervisor_type).upper() in _LIBVIRT for found in self.hypervisors)

    @cached_property
    def has_ovn(self) -> bool:
        """True if a controller of OVN reports to Neutron."""
        return any("OVN Controller" in agent.agent_type for agent in self._connection.network.agents())

    @cached_property
    def providers(self) -> tuple[placement.Provider, ...]:
        """The resource providers of the hypervisors that are up, with those under them (NUMA nodes, GPUs)."""
        return tuple(one for found in self.hypervisors for one in placement.providers(self._connection, found.id))

    @cached_property
    def traits(self) -> frozenset[str]:
        """The traits that some provider has (Placement)."""
        return frozenset().union(*(provider.traits for provider in self.providers))

    @cached_property
    def pcpus(self) -> int:
        """How many CPUs the hypervisor with the most of them offers to guests, pinned or floating (Placement)."""
        per_root: dict[str, int] = {}
        for provider in self.providers:
            cpus = sum(provider.inventory.get(kind, 0) for kind in ("VCPU", "PCPU"))
            per_root[provider.root] = per_root.get(provider.root, 0) + cpus
        return max(per_root.values(), default=0)

    def offered(self, resource_class: str) -> int:
        """How much of a resource class the hypervisors offer; one that ends in ``*`` stands for all that begin so."""
        beginning = resource_class.removesuffix("*")
        return sum(
            total for provider in self.providers for kind, total in provider.inventory.items()
            if kind == resource_class or (beginning != resource_class and kind.startswith(beginning))
        )  # fmt: skip

    @cached_property
    def compute_hosts(self) -> tuple[Compute, ...]:
        """The compute hosts that are up, as a look at each shows them."""
        up = {found.service_details["host"] for found in self.hypervisors}
        return tuple(look(host) for host in self._hosts().computes if host.name in up)

    @cached_property
    def volume_backends(self) -> frozenset[str]:
        """The kinds of Cinder's backends, such as ``nfs``, as its services are configured."""
        return frozenset(kind for host in self._hosts().running("cinder-volume") for kind in storage.backends(host))
