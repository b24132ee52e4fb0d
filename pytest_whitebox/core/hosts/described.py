"""A kind of deployment as far as an inventory does not say otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pytest_whitebox.core.deployments import Deployment, ServiceFacts, UnknownService, detect, kinds
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.inventories import HostEntry, ServiceEntry
from pytest_whitebox.core.processes import Systemd
from pytest_whitebox.core.transports import Container, ContainerTransport, Transport


@dataclass(frozen=True, slots=True)
class Described:
    """See `Deployment`: what ``services`` say comes before what ``kind`` finds."""

    kind: Deployment
    services: Mapping[str, ServiceEntry]
    engine: str

    @property
    def name(self) -> str:
        """The kind's name."""
        return self.kind.name

    @property
    def libvirt_uri(self) -> str:
        """The kind's own."""
        return self.kind.libvirt_uri

    def matches(self, transport: Transport) -> bool:
        """True if the kind fits."""
        return self.kind.matches(transport)

    def service(self, transport: Transport, name: str) -> ServiceFacts:
        """What the inventory says of a service, the rest from the kind."""
        entry = self.services.get(name, ServiceEntry())
        try:
            facts = self.kind.service(transport, name)
        except UnknownService:
            if not entry.unit:
                raise
            facts = ServiceFacts(name, entry.unit, Systemd())
        unit = entry.unit or facts.unit
        files = facts.config_files
        if entry.config and entry.config not in files:
            files = (*files, entry.config)
        return replace(
            facts, unit=unit, supervisor=facts.supervisor if unit == facts.unit else Systemd(), config_files=files,
            config_target=entry.config or facts.config_target, log=entry.log or facts.log,
            container=self._container(entry.container, facts.container),
        )  # fmt: skip

    def libvirt(self, transport: Transport) -> Transport:
        """The container that the inventory has for libvirt, else what the kind finds."""
        container = self._container(self.services.get("libvirt", ServiceEntry()).container, None)
        return ContainerTransport(transport, container) if container else self.kind.libvirt(transport)

    def _container(self, name: str, found: Container | None) -> Container | None:
        if not name and not (found and self.engine):
            return found
        engine = self.engine or (found.engine if found else "podman")
        return Container(name or (found.name if found else ""), engine)


def deployment_of(entry: HostEntry, transport: Transport) -> Deployment:
    """The kind that the inventory names or that is detected, with what the inventory says of services."""
    kind = named(entry.deployment) if entry.deployment else detect(transport)
    return Described(kind, entry.services, entry.engine) if entry.services or entry.engine else kind


def named(name: str) -> Deployment:
    """An installed kind by its name; raises `StackproofError` if there is none."""
    known = {kind.name: kind for kind in kinds()}
    if name not in known:
        raise StackproofError(
            f"no kind of deployment is called {name!r}", hint=f"choose from {', '.join(sorted(known))}"
        )
    return known[name]
