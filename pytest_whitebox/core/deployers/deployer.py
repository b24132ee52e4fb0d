"""The interface to deployment tools, and the values that go through it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any, Literal, Protocol, runtime_checkable

from pytest_whitebox.core.errors import StackproofError

GROUP = "stackproof.deployers"
Kind = Literal["prepare", "database", "stop", "upgrade", "start", "drain", "verify"]


@dataclass(frozen=True, slots=True)
class Target:
    """What the upgrade is to lead to; ``services`` are project names (nova), none stands for all.

    ``marked`` tells whether somebody else has said that the upgrade is done.
    """

    release: str = ""
    services: frozenset[str] = frozenset()
    marked: Callable[[], bool] = lambda: False


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an upgrade; after it tests run between the releases if it is a ``pause``.

    ``timeout`` is in seconds: a step that takes longer hangs.
    """

    id: str
    title: str
    service: str = ""
    hosts: tuple[str, ...] = ()
    kind: Kind = "upgrade"
    pause: bool = False
    timeout: float = 3600.0


@dataclass(frozen=True, slots=True)
class StepEvent:
    """Something that a step did; ``at`` is in seconds since 1970.

    ``pid`` is of a process of this machine that has begun to do the step and leads a session of its own: it is then
    known to whoever goes on, if we are killed.
    """

    step: str
    text: str
    at: float
    host: str = ""
    ok: bool | None = None
    pid: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a step ended, in words, with all that it wrote."""

    ok: bool
    text: str = ""
    output: bytes = b""


@dataclass(frozen=True, slots=True)
class Instance:
    """A process or container of a service on a host; ``url`` is where this one answers, behind no balancer."""

    service: str
    host: str
    url: str = ""


Emit = Callable[[StepEvent], None]


@runtime_checkable
class Deployer(Protocol):
    """A deployment tool; it is made of its configuration, which is read from a file or empty.

    `run` may be called in another thread than `abort`.
    """

    @property
    def name(self) -> str:
        """One word: ``command``."""

    def plan(self, target: Target) -> Sequence[Step]:
        """The steps to the target in their order, with ids of their own; nothing is changed yet."""

    def run(self, step: Step, emit: Emit) -> Outcome:
        """Do a step and tell what it does; a step that fails is an outcome, not an exception."""

    def abort(self, step: Step, grace: float) -> None:
        """Have a step that runs end within so many seconds, by force then; one that does not run is no error."""

    def inventory(self) -> Sequence[Instance]:
        """What runs where, as far as it is known."""

    def release_of(self, instance: Instance) -> frozenset[str]:
        """The releases that an instance may be, by what the tool knows; empty if it knows nothing."""


def deployers() -> Mapping[str, Callable[[Mapping[str, Any]], Deployer]]:
    """What makes each installed deployer of its configuration, by its name.

    Raises `StackproofError` for one that cannot be loaded.
    """
    found: dict[str, Callable[[Mapping[str, Any]], Deployer]] = {}
    for entry in entry_points(group=GROUP):
        try:
            found[entry.name] = entry.load()
        except Exception as error:
            raise StackproofError(
                f"the deployer {entry.name!r} ({entry.value}) cannot be loaded: {error}",
                hint="reinstall or remove the package that brings it",
            ) from error
    return found
