"""The transport into a container, through that of the host it runs on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from pytest_whitebox.core.command import CommandFailed
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.transports.transport import TIMEOUT, Held, Outcome, Transport

#: How the engines begin to say that there is no such container, or that it does not run.
_ENGINE_SAYS = (
    b"Error: no container",
    b"Error: no such container",
    b"Error: No such container",
    b"Error: can only create exec sessions on running containers",
    b"Error response from daemon",
)
#: The engines have different exit codes for a program that is missing; a shell has 127.
_SHELL = ("sh", "-c", 'exec "$@"', "sh")


@dataclass(frozen=True, slots=True)
class Container:
    """A container of a host; ``engine`` is the program that runs it there, podman or docker."""

    name: str
    engine: str


class ContainerTransport(Transport):
    """Commands and files of a container, as its root, by ``exec`` of the engine; the host stays as it is.

    Ports are those that the host sees: containers of OpenStack share its network.
    """

    def __init__(self, host: Transport, container: Container) -> None:
        self._host = host
        self._container = container
        self._exec = (container.engine, "exec", "-i", "-u", "root", container.name, *_SHELL)

    @property
    def name(self) -> str:
        """The container and the way to its host: ``container nova_compute of ssh root@10.0.0.21``."""
        return f"container {self._container.name} of {self._host.name}"

    def execute(self, command: Sequence[str], *, input: bytes | None = None, timeout: float = TIMEOUT) -> Outcome:
        """Run a command in the container."""
        outcome = self._host.execute([*self._exec, *command], input=input, timeout=timeout)
        if outcome.rc and outcome.stderr.startswith(_ENGINE_SAYS):
            raise self._missing(outcome.stderr.decode(errors="replace"))
        return outcome

    @contextmanager
    def hold(self, command: Sequence[str], *, timeout: float = TIMEOUT) -> Iterator[Held]:
        """Start a command in the container and keep its input open."""
        try:
            held = self._host.hold([*self._exec, *command], timeout=timeout)
            with held as one:
                yield one
        except CommandFailed as error:
            if error.result.stderr.encode().startswith(_ENGINE_SAYS):
                raise self._missing(error.result.stderr) from None
            raise

    def forward(self, host: str, port: int) -> AbstractContextManager[tuple[str, int]]:
        """A local address and port that lead to ``host:port`` as the container's host sees it."""
        return self._host.forward(host, port)

    def close(self) -> None:
        """Nothing of its own is held open."""

    def _missing(self, said: str) -> StackproofError:
        engine, name = self._container.engine, self._container.name
        words = said.strip().splitlines()[-1]
        return StackproofError(
            f"container {name} does not run on {self._host.name}: {words}", hint=f"see `{engine} ps -a` there"
        )
