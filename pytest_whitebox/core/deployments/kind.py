"""A kind of deployment as data: where its hosts keep what, told by patterns that are filled in for each service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pytest_whitebox.core.deployments.deployment import ServiceFacts, UnknownService
from pytest_whitebox.core.deployments.images import Images
from pytest_whitebox.core.deployments.named import Named, existing
from pytest_whitebox.core.deployments.pod import in_a_pod
from pytest_whitebox.core.deployments.units import find_unit
from pytest_whitebox.core.deployments.words import config_patterns, log_file, options
from pytest_whitebox.core.processes import Engine, Systemd
from pytest_whitebox.core.transports import Container, ContainerTransport, Transport

#: The key for every service that has none of its own.
ANY = "*"
#: What comes with packages is not for editing.
_PACKAGED = "/usr/"


@dataclass(frozen=True, slots=True)
class Kind:
    """A `Deployment` that is a table; what is filled in is told by `Named`, and ``*`` and ``?`` are the shell's.

    ``signs`` are groups of files: a host has this kind if all of one group exist. ``units`` are tried with each of
    the ``names`` of a service. ``arguments`` are those that a script adds to a unit's command, ``files`` are read
    whatever the command says; ``logs`` count where it says nothing. `ANY` in a mapping is every other service.
    ``pods`` are services that run where no host is.
    """

    name: str
    signs: tuple[tuple[str, ...], ...]
    units: tuple[str, ...] = ("{name}",)
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    arguments: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    logs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    images: Images | None = None
    libvirt_containers: tuple[str, ...] = ()
    pods: frozenset[str] = frozenset()
    libvirt_uri: str = "qemu:///system"

    def matches(self, transport: Transport) -> bool:
        """True if the host has the signs of this kind."""
        return any(all(existing(transport, [sign]) for sign in group) for group in self.signs)

    def service(self, transport: Transport, name: str) -> ServiceFacts:
        """What the units, command lines and files of the host say of a service."""
        if name in self.pods:
            raise in_a_pod(name)
        known = [Named(name, own) for own in self.names.get(name, (name,))]
        units = {named.fill(pattern): (named, pattern) for pattern in self.units for named in known}
        unit = find_unit(transport, list(units))
        if unit is None:
            return self._without_unit(transport, known)
        named, pattern = units[unit.name]
        facts = ServiceFacts(name, unit.name, Systemd(), sockets=unit.sockets)
        if self.images and "{container}" in pattern:
            container = self.images.container(transport, named.fill("{container}"))
            return self._contained(transport, named, facts, self.images, container)
        return self._packaged(transport, named, facts, unit.words)

    def libvirt(self, transport: Transport) -> Transport:
        """The first container of libvirt that runs on the host, else the host itself."""
        engines = self.images.engines if self.images else ()
        for container in (Container(name, engine) for name in self.libvirt_containers for engine in engines):
            if Engine(container.engine).status(transport, container.name).running:
                return ContainerTransport(transport, container)
        return transport

    def _packaged(
        self, transport: Transport, named: Named, facts: ServiceFacts, words: tuple[str, ...]
    ) -> ServiceFacts:
        said = [*words, *map(named.fill, () if any(options(words)) else _of(self.arguments, named))]
        told = self.files.get(named.service) or config_patterns(said, named.project, named.service)
        files = existing(transport, map(named.fill, told))
        targets = [file for file in files if not file.startswith(_PACKAGED)]
        log = log_file(words) or self._log(transport, named)
        return replace(facts, config_files=files, config_target=targets[-1] if targets else "", log=log)

    def _contained(
        self, transport: Transport, named: Named, facts: ServiceFacts, images: Images, container: Container
    ) -> ServiceFacts:
        told = self.files.get(named.service)
        files = existing(transport, map(named.fill, told)) if told else images.files(transport, named)
        drop_in = images.drop_in(transport, named)
        files = (*(file for file in files if file != drop_in), *filter(None, [drop_in]))
        return replace(
            facts, config_files=files, config_target=files[-1] if files else "", log=self._log(transport, named),
            container=container,
        )  # fmt: skip

    def _without_unit(self, transport: Transport, known: list[Named]) -> ServiceFacts:
        """A container that its engine starts by itself, as Kolla did before it had units."""
        for named, images in ((one, self.images) for one in known if self.images):
            container = images.container(transport, named.fill("{container}"))
            engine = Engine(container.engine)
            if engine.status(transport, container.name).exists:
                facts = ServiceFacts(named.service, container.name, engine)
                return self._contained(transport, named, facts, images, container)
        tried = " and ".join(dict.fromkeys(named.fill(pattern) for pattern in self.units for named in known))
        raise UnknownService(
            f"{known[0].service} does not run on {transport.name}: there is no unit {tried}",
            hint="see `systemctl list-units --all` there",
        )

    def _log(self, transport: Transport, named: Named) -> str:
        found = existing(transport, map(named.fill, _of(self.logs, named)))
        return found[0] if found else ""


def _of(table: Mapping[str, tuple[str, ...]], named: Named) -> tuple[str, ...]:
    return table.get(named.service, table.get(ANY, ()))
