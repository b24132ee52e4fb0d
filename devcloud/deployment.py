"""How stackproof finds its way on a devcloud host: the same table that `devcloud up` works from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from devcloud.services.catalog import PROJECTS, services
from devcloud.services.instance import INSTANCES
from devcloud.services.service import Service, instance_of
from pytest_whitebox.core.deployments import ServiceFacts, UnknownService
from pytest_whitebox.core.processes import Runit
from pytest_whitebox.core.transports import Transport

_MARKER = "/etc/devcloud-release"
#: Services that read their project's default files are told none; Glance's do not bear its own name.
_DEFAULT_FILES = {"glance": "glance-api.conf"}
#: What other ways of deploying call these services.
_NAMES = {"keystone": "keystone-api", "libvirt": "libvirtd"}


@dataclass(frozen=True, slots=True)
class Devcloud:
    """A host of devcloud: services under runit, configuration and logs in the standard places."""

    name: str = "devcloud"
    libvirt_uri: str = "qemu:///system"

    def matches(self, transport: Transport) -> bool:
        """True if the host carries devcloud's mark."""
        return transport.run(["test", "-e", _MARKER], check=False).ok

    def service(self, transport: Transport, name: str) -> ServiceFacts:
        """The facts of a service that `devcloud up` defines."""
        known = {service.name: service for service in services(PROJECTS)}
        name = _NAMES.get(name, name)
        if name not in known:
            raise UnknownService(f"devcloud has no service {name!r}", hint=f"choose from {', '.join(sorted(known))}")
        supervisor = Runit()
        if not supervisor.status(transport, name).exists:
            raise UnknownService(
                f"{name} does not run on {transport.name}",
                hint=f"devcloud runs it on {' and '.join(known[name].roles)}",
            )
        here = [known[name], *(one for one in _others(known[name]) if supervisor.status(transport, one.name).exists)]
        first, *others = map(_facts, here)
        return replace(first, beside=tuple(others))

    def libvirt(self, transport: Transport) -> Transport:
        """The host itself."""
        return transport


def _others(service: Service) -> Iterator[Service]:
    """The further instances that a service may have."""
    return (instance_of(service, one) for one in INSTANCES[1:] if service.is_api)


def _facts(service: Service) -> ServiceFacts:
    files = config_files(service)
    return ServiceFacts(service.name, service.name, Runit(), files, files[-1] if files else "", service.log)


def config_files(service: Service) -> tuple[str, ...]:
    """The oslo.config files that a service is told to read, in their order.

    >>> from devcloud.services.catalog import services
    >>> table = {service.name: service for service in services(("keystone", "neutron", "nova"))}
    >>> config_files(table["nova-compute"]), config_files(table["neutron-api"]), config_files(table["libvirtd"])
    (('/etc/nova/nova.conf',), ('/etc/neutron/neutron.conf', '/etc/neutron/ml2_conf.ini'), ())
    """
    words = service.command
    given = tuple(file for flag, file in pairwise(words) if flag == "--config-file")
    if given or "uwsgi" not in words[0]:
        return given
    default = _DEFAULT_FILES.get(service.project, f"{service.project}.conf")
    names = service.env.get(f"OS_{service.project.upper()}_CONFIG_FILES", default)
    return tuple(f"/etc/{service.project}/{name}" for name in names.split(";"))
