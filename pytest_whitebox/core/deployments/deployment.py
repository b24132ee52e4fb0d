"""Which way of deploying OpenStack a host was set up by, and what that means for its services.

Every kind is a `Deployment`, or a class of such, found by its entry point in the group ``stackproof.deployments``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.installed import installed
from pytest_whitebox.core.processes import Supervisor
from pytest_whitebox.core.transports import Container, Transport

GROUP = "stackproof.deployments"
#: The kind that is asked last, because it fits nearly every host.
FALLBACK = "systemd"


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """Where a service of a host keeps what: all paths are paths of the host.

    ``config_files`` are in the order in which the service reads them, so that the last one wins; ``config_target`` is
    the one that an edit goes to, and may not exist yet. An empty ``log`` stands for the journal.
    ``beside`` are further instances of the service on this host, which read the same files: an API may have several
    behind a balancer. ``sockets`` are units that start the service again as soon as somebody connects, so that it
    is stopped only if they are. ``container`` is the one that its processes run in.
    """

    name: str
    unit: str
    supervisor: Supervisor
    config_files: tuple[str, ...] = ()
    config_target: str = ""
    log: str = ""
    beside: tuple[ServiceFacts, ...] = ()
    sockets: tuple[str, ...] = ()
    container: Container | None = None


class UnknownService(StackproofError):
    """The host has no such service."""


class Deployment(Protocol):
    """One way of deploying OpenStack."""

    @property
    def name(self) -> str:
        """One word: ``devcloud``, ``kolla``."""

    @property
    def libvirt_uri(self) -> str:
        """How virsh on a compute host reaches its libvirt."""

    def matches(self, transport: Transport) -> bool:
        """True if the host was deployed this way."""

    def service(self, transport: Transport, name: str) -> ServiceFacts:
        """What there is to know of a service, by its name in OpenStack; raises `UnknownService`."""

    def libvirt(self, transport: Transport) -> Transport:
        """The way to where libvirt's own programs run: the host itself, or a container of it."""


def kinds() -> tuple[Deployment, ...]:
    """All kinds of deployment that are installed, the fallback last."""
    return installed(GROUP, "deployment kind", last=FALLBACK)


def detect(transport: Transport) -> Deployment:
    """The kind by which a host was deployed; raises `StackproofError` if none fits."""
    known = kinds()
    for kind in known:
        if kind.matches(transport):
            return kind
    names = ", ".join(kind.name for kind in known) or "none is installed"
    raise StackproofError(
        f"how {transport.name} was deployed is not recognized (known: {names})",
        hint=f"install a package that registers its kind under {GROUP}",
    )
