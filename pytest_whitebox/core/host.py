"""A host of the cloud: reached over one connection, looked at with testinfra's words and ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any

from pytest_whitebox.core.command import CommandFailed, Result
from pytest_whitebox.core.deployment import Deployment, detect
from pytest_whitebox.core.edit import Edits
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.inspection import inspector, module
from pytest_whitebox.core.journal import FOLDER, Journal
from pytest_whitebox.core.known import Fact
from pytest_whitebox.core.service import Patience, Report, Service
from pytest_whitebox.core.transport import TIMEOUT, Transport

#: The exit code of a shell for a program that it does not find.
_NO_PROGRAM = 127


class Host:
    """A host by the name that Nova has for it; nothing connects before the first look.

    ``host.facts`` are what the APIs and an inventory say of it, each with its source.
    ``host.service(name)`` is our `Service`, which knows the host's supervisor; ``host.file``, ``host.process``,
    ``host.package`` and all the others are testinfra's modules.

    >>> from pytest_whitebox.core.local import LocalTransport
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
        folder: str = FOLDER, reports: Callable[[str], Report | None] = lambda _: None,
        patience: Patience | None = None,
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
        self._reports = reports
        self._patience = patience
        self._edits = Edits(Journal(transport, folder), self.service)

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
            name, self.name, self.transport, lambda: self.deployment.service(self.transport, name), self._edits,
            report=self._reports(name), patience=self._patience,
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

    def recover(self) -> list[str]:
        """Undo configuration edits of runs that have died; returns the files that are restored."""
        return self._edits.recover()

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
