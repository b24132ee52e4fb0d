"""What a cloud has, as far as a test may require it; each fact is asked for once, when it is first needed."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openstack.connection import Connection

_LIBVIRT = frozenset({"QEMU", "KVM", "LXC", "PARALLELS"})


class Facts:
    """The facts of one cloud, by its APIs alone."""

    def __init__(self, connection: Connection) -> None:
        self._connection: Any = connection

    @cached_property
    def service_types(self) -> frozenset[str]:
        """The services of the catalog by their official types: ``block-storage``, not ``volumev3``."""
        from os_service_types import ServiceTypes

        official = ServiceTypes()
        session = self._connection.session
        catalog = session.auth.get_access(session).service_catalog.catalog
        return frozenset(official.get_service_type(entry["type"]) or entry["type"] for entry in catalog)

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
    def pcpus(self) -> int:
        """How many CPUs the hypervisor with the most of them offers to guests, pinned or floating (Placement)."""
        return max((self._cpus(found.id) for found in self.hypervisors), default=0)

    def _cpus(self, provider: str) -> int:
        inventories = self._connection.placement.resource_provider_inventories(provider)
        return sum(found.total for found in inventories if found.resource_class in ("VCPU", "PCPU"))
