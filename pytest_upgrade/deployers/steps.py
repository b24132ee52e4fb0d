"""Steps that a deployer's file describes: how each is read, and the deployer that has them run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, get_args

from pytest_upgrade.phases.ending import seconds
from pytest_whitebox.core.deployers import Emit, Instance, Outcome, Step, Target
from pytest_whitebox.core.deployers.deployer import Kind
from pytest_whitebox.core.deployers.program import Programs, Told
from pytest_whitebox.core.errors import StackproofError

#: What every step may have.
KEYS = frozenset({"id", "title", "service", "hosts", "kind", "pause", "timeout"})
_HINT = "see docs/upgrade.md for what a step may have"


class _Planned(Protocol):
    @property
    def step(self) -> Step: ...


P = TypeVar("P", bound=_Planned)


@dataclass(frozen=True, slots=True)
class Way:
    """How a step is run: its command, environment and folder, what a line that it writes tells, what its end means."""

    command: Sequence[str]
    environment: Mapping[str, str]
    told: Callable[[str], Told | None]
    folder: Path | None = None
    ended: Callable[[Outcome], Outcome] = lambda outcome: outcome


class Described(ABC, Generic[P]):
    """A deployer whose steps a file describes, each of them a command; it knows no release."""

    def __init__(self, planned: Mapping[str, P]) -> None:
        self._planned = planned
        self._programs = Programs()

    @abstractmethod
    def way(self, planned: P) -> Way:
        """How a step is run."""

    def plan(self, target: Target) -> Sequence[Step]:
        """The steps in their order; of those for a service only the ones that are wanted."""
        steps = [one.step for one in self._planned.values()]
        services = {step.service for step in steps} - {""}
        if missing := sorted(target.services - services):
            hint = f"choose from {', '.join(sorted(services)) or 'none'}"
            raise StackproofError(f"the deployer has no step for the service {missing[0]!r}", hint=hint)
        return [step for step in steps if not target.services or not step.service or step.service in target.services]

    def run(self, step: Step, emit: Emit) -> Outcome:
        """Run the command of a step; its lines are its output."""
        way = self.way(self._planned[step.id])
        return way.ended(self._programs.run(step, way.command, emit, way.environment, way.told, way.folder))

    def abort(self, step: Step, grace: float) -> None:
        """Ask the command and all that it has started to end, then kill them; what runs on another host goes on."""
        self._programs.abort(step, grace)

    def inventory(self) -> Sequence[Instance]:
        """What the file says: each host of a step for a service."""
        steps = [one.step for one in self._planned.values()]
        found = {(step.service, host) for step in steps for host in step.hosts if step.service}
        return [Instance(service, host) for service, host in sorted(found)]

    def release_of(self, instance: Instance) -> frozenset[str]:  # noqa: ARG002 -- commands know no releases
        """Nothing."""
        return frozenset()


def refuse_other_keys(given: Mapping[Any, Any], known: Set[str], hint: str = _HINT) -> None:
    """Raise `StackproofError` if a deployer's file has a key that it may not have."""
    if strange := sorted(set(map(str, given)) - known):
        said = f"which is none of {', '.join(sorted(known))}" if len(known) > 1 else f"and only `{min(known)}` is known"
        raise StackproofError(f"the deployer's file has the key {strange[0]!r}, {said}", hint=hint)


def read(steps: object, planned: Callable[[int, Any], P]) -> dict[str, P]:
    """What ``planned`` makes of each step by its number, by the steps' ids; raises `StackproofError`."""
    if not isinstance(steps, list) or not steps:
        raise StackproofError("the deployer's file has no `steps`", hint=_HINT)
    found = {one.step.id: one for one in (planned(number, given) for number, given in enumerate(steps, 1))}
    if len(found) != len(steps):
        raise StackproofError("two steps of the deployer's file have the same id", hint="give each its own")
    return found


def step_of(number: int, given: Mapping[str, Any], title: str, more: Set[str]) -> Step:
    """The step of a mapping, which may have ``more`` keys; raises `StackproofError` that says which and why."""
    if strange := sorted(set(map(str, given)) - KEYS - more):
        raise wrong(number, f"it has the key {strange[0]!r}, which is none of {', '.join(sorted(KEYS | more))}")
    if given.get("kind", "upgrade") not in get_args(Kind):
        raise wrong(number, f"its kind {given['kind']!r} is none of {', '.join(get_args(Kind))}")
    try:
        timeout = seconds(str(given.get("timeout", "1h")))
    except ValueError as error:
        raise wrong(number, str(error)) from None
    return Step(
        str(given.get("id") or f"step{number}"), str(given.get("title") or title), str(given.get("service") or ""),
        tuple(map(str, given.get("hosts") or ())), given.get("kind", "upgrade"), bool(given.get("pause")), timeout,
    )  # fmt: skip


def wrong(number: int, why: str) -> StackproofError:
    """What is wrong about a step."""
    return StackproofError(f"step {number} of the deployer's file is wrong: {why}", hint=_HINT)
