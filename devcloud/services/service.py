"""What a service is to devcloud: where it runs, how it is started, and how one sees that it works."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TypeAlias

from devcloud.services.instance import INSTANCES, Instance
from devcloud.topology import CONTROLLER


@dataclass(frozen=True, slots=True)
class Http:
    """Works when ``GET http://<host>:port/path`` answers with 2xx or 3xx, and HAProxy passes it on at ``door``."""

    port: int
    path: str = "/"
    door: int = 0


@dataclass(frozen=True, slots=True)
class Port:
    """Works when a TCP connection to the host's port is accepted."""

    port: int


@dataclass(frozen=True, slots=True)
class Command:
    """Works when the command exits with 0 on the host and prints ``says``."""

    words: tuple[str, ...]
    says: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """Works when the service has written its row of the database's table of services since it was started."""

    database: str


@dataclass(frozen=True, slots=True)
class Alive:
    """Works as long as the supervisor says that it runs."""


Check: TypeAlias = Http | Port | Command | Report | Alive


@dataclass(frozen=True, slots=True)
class Api:
    """The public door of a service: HAProxy listens on ``port`` and passes on to ``backend``."""

    name: str
    port: int
    backend: int
    path: str
    type: str = ""
    url: str = ""
    admin_url: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """One daemon on one kind of host.

    ``command`` may name ``{bin}``, the programs of the release's environment; ``project`` is both the name
    of the log folder and what `devcloud up --services` selects by. ``keeps_children``: what it started stays when
    it is restarted. ``own_file``: the configuration file that each instance of an API has for itself, and that its
    command names; ``signal``: what runit sends it to have it read its configuration without a pause.
    """

    name: str
    project: str
    command: tuple[str, ...]
    check: Check = Alive()
    after: tuple[str, ...] = ()
    roles: tuple[str, ...] = (CONTROLLER,)
    env: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    folders: tuple[str, ...] = ()
    user: str = ""
    schema: str = ""
    keeps_children: bool = False
    own_file: str = ""
    instance: Instance = INSTANCES[0]
    signal: str = ""

    @property
    def log(self) -> str:
        """Where the service's output goes on its host."""
        return f"/var/log/{self.project}/{self.name}.log"

    @property
    def has_release(self) -> bool:
        """True for a program of the release of OpenStack; False for one of the distribution."""
        return self.command[0].startswith("{bin}/")

    def on(self, host: str) -> str:
        """What it is called everywhere: ``nova-api on controller``."""
        return f"{self.name} on {host}"

    @property
    def is_api(self) -> bool:
        """True if HAProxy gives it requests, and it may have several instances."""
        return bool(self.own_file)

    @property
    def port(self) -> int:
        """Where it listens; 0 if its check does not tell."""
        return self.check.port if isinstance(self.check, Http | Port) else 0

    @property
    def base(self) -> str:
        """The name that all instances of it go by."""
        return self.name.removesuffix(self.instance.suffix)


def instance_of(service: Service, instance: Instance) -> Service:
    """Another instance of an API: all is as the first one has it, but for its name, its port and its own file."""
    if not isinstance(service.check, Http):
        raise TypeError(f"{service.name} is no API")
    own = instance.file(service.own_file)
    return replace(
        service,
        name=instance.name(service.name),
        after=(*service.after, service.name),  # one renews itself after the other
        command=tuple(own if word == service.own_file else word for word in service.command),
        check=replace(service.check, port=instance.port(service.check.port)),
        own_file=own,
        instance=instance,
    )
