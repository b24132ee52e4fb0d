"""Steps that a deployer's file describes: how each is read, and which of them lead to a target."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any, Protocol, TypeVar, get_args

from pytest_upgrade.ending import seconds
from pytest_whitebox.core.deployers import Instance, Step, Target
from pytest_whitebox.core.deployers.deployer import Kind
from pytest_whitebox.core.errors import StackproofError

#: What every step may have.
KEYS = frozenset({"id", "title", "service", "hosts", "kind", "pause", "timeout"})
_HINT = "see docs/upgrade.md for what a step may have"


class _Planned(Protocol):
    @property
    def step(self) -> Step: ...


P = TypeVar("P", bound=_Planned)


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


def wanted(steps: Sequence[Step], target: Target) -> Sequence[Step]:
    """The steps in their order; of those for a service only the ones that are wanted."""
    if missing := sorted(target.services - {step.service for step in steps}):
        raise StackproofError(
            f"the deployer has no step for the service {missing[0]!r}",
            hint=f"choose from {', '.join(sorted({step.service for step in steps} - {''})) or 'none'}",
        )
    return [step for step in steps if not target.services or not step.service or step.service in target.services]


def instances(steps: Sequence[Step]) -> Sequence[Instance]:
    """What the steps say: each host of one for a service."""
    found = {(step.service, host) for step in steps for host in step.hosts if step.service}
    return [Instance(service, host) for service, host in sorted(found)]


def wrong(number: int, why: str) -> StackproofError:
    """What is wrong about a step."""
    return StackproofError(f"step {number} of the deployer's file is wrong: {why}", hint=_HINT)
