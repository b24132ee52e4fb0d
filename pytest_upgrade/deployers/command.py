"""A deployer made of commands: each step is one, with patterns that make events of the lines that it writes."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pytest_upgrade.ending import seconds
from pytest_whitebox.core.command import quote
from pytest_whitebox.core.deployers import Emit, Instance, Outcome, Step, Target
from pytest_whitebox.core.deployers.deployer import Kind
from pytest_whitebox.core.deployers.program import Programs
from pytest_whitebox.core.errors import StackproofError

_KEYS = frozenset({"id", "title", "service", "hosts", "kind", "pause", "timeout", "command", "events", "environment"})
_HINT = "see docs/upgrade.md for what a step may have"


@dataclass(frozen=True, slots=True)
class Planned:
    """A step, its command, and the patterns whose first group, or all of which, is told."""

    step: Step
    command: tuple[str, ...]
    patterns: tuple[re.Pattern[str], ...]
    environment: Mapping[str, str]

    @classmethod
    def from_mapping(cls, number: int, given: Any) -> Planned:
        """Read a step; raises `StackproofError` that says which, and what is wrong about it."""
        if not isinstance(given, dict) or not isinstance(given.get("command"), list) or not given["command"]:
            raise _wrong(number, "it has no `command`, a list of words")
        if strange := sorted(set(map(str, given)) - _KEYS):
            raise _wrong(number, f"it has the key {strange[0]!r}, which is none of {', '.join(sorted(_KEYS))}")
        if given.get("kind", "upgrade") not in get_args(Kind):
            raise _wrong(number, f"its kind {given['kind']!r} is none of {', '.join(get_args(Kind))}")
        try:
            timeout = seconds(str(given.get("timeout", "1h")))
            patterns = tuple(re.compile(str(pattern)) for pattern in given.get("events", ()))
        except (ValueError, re.error) as error:
            raise _wrong(number, str(error)) from None
        id = str(given.get("id") or f"step{number}")
        command = tuple(map(str, given["command"]))
        step = Step(
            id, str(given.get("title") or quote(command)), str(given.get("service") or ""),
            tuple(map(str, given.get("hosts") or ())), given.get("kind", "upgrade"), bool(given.get("pause")), timeout,
        )  # fmt: skip
        environment = {str(name): str(value) for name, value in (given.get("environment") or {}).items()}
        return cls(step, command, patterns, environment)

    def told(self, line: str) -> str:
        """What a line tells; empty if it is of no interest."""
        found = next((match for pattern in self.patterns if (match := pattern.search(line))), None)
        return "" if found is None else (found[1] if found.re.groups else found[0])


class Command:
    """Steps of a file: ``steps: [{id: nova, service: nova, command: [kolla-ansible, upgrade, --tags, nova]}]``."""

    name = "command"

    def __init__(self, config: Mapping[str, Any]) -> None:
        if strange := sorted(set(map(str, config)) - {"steps"}):
            raise StackproofError(
                f"the deployer's file has the key {strange[0]!r}, and only `steps` is known", hint=_HINT
            )
        steps = config.get("steps")
        if not isinstance(steps, list) or not steps:
            raise StackproofError("the deployer's file has no `steps`", hint=_HINT)
        self._planned = {
            one.step.id: one for one in (Planned.from_mapping(n, given) for n, given in enumerate(steps, 1))
        }
        if len(self._planned) != len(steps):
            raise StackproofError("two steps of the deployer's file have the same id", hint="give each its own")
        self._programs = Programs()

    def plan(self, target: Target) -> Sequence[Step]:
        """The steps in the order of the file; of those for a service only the ones that are wanted."""
        steps = [one.step for one in self._planned.values()]
        wanted = [step for step in steps if not target.services or not step.service or step.service in target.services]
        if missing := sorted(target.services - {step.service for step in steps}):
            raise StackproofError(
                f"the deployer has no step for the service {missing[0]!r}",
                hint=f"choose from {', '.join(sorted({step.service for step in steps} - {''})) or 'none'}",
            )
        return wanted

    def run(self, step: Step, emit: Emit) -> Outcome:
        """Run the command of a step; its lines are its output."""
        planned = self._planned[step.id]
        return self._programs.run(step, planned.command, emit, {**os.environ, **planned.environment}, planned.told)

    def abort(self, step: Step, grace: float) -> None:
        """Ask the command and all that it has started to end, then kill them."""
        self._programs.abort(step, grace)

    def inventory(self) -> Sequence[Instance]:
        """What the file says: each host of a step for a service."""
        found = {
            (one.step.service, host) for one in self._planned.values() for host in one.step.hosts if one.step.service
        }
        return [Instance(service, host) for service, host in sorted(found)]

    def release_of(self, instance: Instance) -> frozenset[str]:  # noqa: ARG002 -- commands know no releases
        """Nothing."""
        return frozenset()


def _wrong(number: int, why: str) -> StackproofError:
    return StackproofError(f"step {number} of the deployer's file is wrong: {why}", hint=_HINT)
