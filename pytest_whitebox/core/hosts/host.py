"""A host of the cloud: reached over one connection, looked at with testinfra's words and ours."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from pytest_whitebox.core.command import CommandFailed, Result
from pytest_whitebox.core.deployments import Deployment, detect
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.hosts.inspection import inspector, module
from pytest_whitebox.core.hosts.known import Fact
from pytest_whitebox.core.kernel import cpus, hugepages
from pytest_whitebox.core.kernel.sysfs import read_value
from pytest_whitebox.core.libvirt import qemu_img, secret
from pytest_whitebox.core.libvirt.capabilities import Capabilities
from pytest_whitebox.core.libvirt.domain_capabilities import DomainCapabilities
from pytest_whitebox.core.libvirt.secret import Secret
from pytest_whitebox.core.services import Contact, Patience, Service
from pytest_whitebox.core.transactions import FOLDER, Journal, Transactions, replaced, value_set
from pytest_whitebox.core.transports import TIMEOUT, Transport

if TYPE_CHECKING:
    from pytest_whitebox.core.domain import Domain

T = TypeVar("T")

#: The exit code of a shell for a program that it does not find.
_NO_PROGRAM = 127


class Host:
    """A host by the name that Nova has for it; nothing connects before the first look.

    ``host.facts`` are what the APIs and an inventory say of it, each with its source.
    ``host.service(name)`` is our `Service`, which knows the host's supervisor, and `capabilities` to `write_file` are
    ours; ``host.file``, ``host.process``,
    ``host.package`` and all the others are testinfra's modules.

    >>> from pytest_whitebox.core.transports import LocalTransport
    >>> here = Host("here", LocalTransport())
    >>> here.run(["echo", "hello"]).stdout
    'hello\\n'
    >>> here.file("/etc/passwd").is_file
    True
    """

    def __init__(
        self, name: str, transport: Transport, *, address: str | None = None, services: Sequence[str] = (),
        roles: Iterable[str] = (), facts: Iterable[Fact] = (), names: Sequence[str] = (),
        deployment: Deployment | None = None, deploy: Callable[[Transport], Deployment] = detect,
        folder: str = FOLDER, contact: Callable[[str], Contact] = lambda _: Contact(), patience: Patience | None = None,
    ) -> None:  # fmt: skip
        self.name = name
        self.names = tuple(dict.fromkeys((name, *names)))
        self.facts = tuple(facts)
        self.transport = transport
        self.address = address or name
        self.services = tuple(services)
        self.roles = frozenset(roles)
        self._given = deployment
        self._deploy = deploy
        self._contact = contact
        self._patience = patience
        self.transactions = Transactions(Journal(transport, folder), self.service)

    def __repr__(self) -> str:
        return f"<host {self.name}>"

    @cached_property
    def deployment(self) -> Deployment:
        """The way in which it was deployed."""
        return self._given or self._deploy(self.transport)

    def run(
        self, command: Sequence[str], *, input: bytes | None = None, timeout: float = TIMEOUT, check: bool = True
    ) -> Result:
        """Run a command there; see `Transport.run`."""
        return self.transport.run(command, input=input, timeout=timeout, check=check)

    def service(self, name: str) -> Service:
        """A service by its name in OpenStack; whether there is one shows when it is looked at."""
        return Service(
            name, self.name, self.transport, lambda: self.deployment.service(self.transport, name),
            self.transactions, self._contact(name), self._patience,
        )  # fmt: skip

    @cached_property
    def libvirt(self) -> Transport:
        """The way to where virsh and qemu-img are: the host itself, or the container that has them."""
        return self.deployment.libvirt(self.transport)

    def virsh(self, *words: str) -> str:
        """What virsh says, connected to the host's libvirt: ``host.virsh("dumpxml", server.id)``."""
        command = ["virsh", "--connect", self.deployment.libvirt_uri, *words]
        result = self.libvirt.run(command, check=False)
        if result.rc == _NO_PROGRAM:
            raise StackproofError(
                f"there is no virsh on {self.libvirt.name}",
                hint="is it a compute host with libvirt? Its package is libvirt-clients or libvirt-client",
            )
        if not result.ok:
            raise CommandFailed(result, where=self.libvirt.name)
        return result.stdout

    def domain(self, name: str, *, inactive: bool = False) -> Domain:
        """A guest by its name or UUID as its libvirt runs it now (``virsh dumpxml``), or will start it next."""
        # Its XML library would be loaded in every project, whatever that has to do with clouds.
        from pytest_whitebox.core.domain import Domain

        words = ["--inactive", name] if inactive else [name]
        return self._read(lambda said: Domain.from_xml(said, time.time()), "dumpxml", *words)

    @property
    def capabilities(self) -> Capabilities:
        """What its libvirt says of it now: processors, NUMA cells, kinds of guests (``virsh capabilities``)."""
        return self._read(Capabilities.from_xml, "capabilities")

    def domain_capabilities(self, *, machine: str = "", arch: str = "", type: str = "") -> DomainCapabilities:
        """What a guest can have there, of a machine type such as ``q35`` (by default libvirt's own choice)."""
        options = (("--machine", machine), ("--arch", arch), ("--virttype", type))
        words = [word for option, value in options if value for word in (option, value)]
        return self._read(DomainCapabilities.from_xml, "domcapabilities", *words)

    @property
    def cpus(self) -> cpus.Cpus:
        """Its CPUs now, by its kernel: online, offline, siblings."""
        return cpus.cpus(self.transport)

    @property
    def hugepages(self) -> tuple[hugepages.HugePages, ...]:
        """Its huge pages now, for each NUMA node and size."""
        return hugepages.hugepages(self.transport)

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """The secrets that its libvirt holds now, without their values."""
        listed = secret.uuids(self.virsh("secret-list"))
        return tuple(self._read(Secret.from_xml, "secret-dumpxml", uuid) for uuid in listed)

    def _read(self, read: Callable[[str], T], *words: str) -> T:
        """What virsh says, as a value; if it cannot be read, the error tells where it was said."""
        said = self.virsh(*words)
        try:
            return read(said)
        except StackproofError as error:
            where = f"`virsh {' '.join(words)}` on {self.libvirt.name}"
            raise StackproofError(f"{where} cannot be read: {error}", hint=error.hint) from None

    def qemu_img(self, path: str) -> qemu_img.Image:
        """What QEMU says of an image of the host, also of one in use (``qemu-img info``)."""
        return qemu_img.image(self.libvirt, path)

    def qemu_log(self, domain: str) -> str:
        """What libvirt and QEMU wrote of a guest, by the name of its domain."""
        return self.libvirt.read(f"/var/log/libvirt/qemu/{domain}.log").decode(errors="replace")

    def sysfs(self, path: str) -> str:
        """A value below /sys or /proc; of several words the one in force."""
        return read_value(self.transport, path)

    def set_sysfs(self, path: str, value: str) -> AbstractContextManager[None]:
        """Give a file below /sys or /proc another value for as long as the context lasts.

        The former one comes back whatever happens; if this process is killed, by the next run.
        """
        return value_set(self.transactions, path, value)

    def write_file(self, path: str, data: bytes, *, restart: Sequence[str] = ()) -> AbstractContextManager[None]:
        """Have another file at a path for as long as the context lasts, with the services that read it restarted.

        A new file has the owner of its folder and mode 0640; folders that are missing are made, and go again. What was
        there comes back whatever happens; if this process is killed, by the next run.
        """
        return replaced(self.transactions, path, data, restart)

    def recover(self) -> list[str]:
        """Undo what runs that have died have changed; returns the files, values and services that are as before."""
        return self.transactions.recover()

    def close(self) -> None:
        """Let go of the connection."""
        self.transport.close()

    @cached_property
    def testinfra(self) -> Any:
        """The host of testinfra itself, over the same connection."""
        return inspector(self.transport)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return module(self.testinfra, name)
