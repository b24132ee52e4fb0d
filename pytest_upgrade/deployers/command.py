"""A deployer made of commands: each step is one, with patterns that make events of the lines that it writes."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_upgrade.deployers import steps
from pytest_whitebox.core.command import quote
from pytest_whitebox.core.deployers import Step
from pytest_whitebox.core.deployers.program import Told

_KEYS = frozenset({"command", "events", "environment"})


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
            raise steps.wrong(number, "it has no `command`, a list of words")
        command = tuple(map(str, given["command"]))
        step = steps.step_of(number, given, quote(command), _KEYS)
        try:
            patterns = tuple(re.compile(str(pattern)) for pattern in given.get("events", ()))
        except re.error as error:
            raise steps.wrong(number, str(error)) from None
        environment = {str(name): str(value) for name, value in (given.get("environment") or {}).items()}
        return cls(step, command, patterns, environment)

    def told(self, line: str) -> Told | None:
        """What a line tells; None if it is of no interest."""
        found = next((match for pattern in self.patterns if (match := pattern.search(line))), None)
        return None if found is None else Told(found[1] if found.re.groups else found[0])


class Command(steps.Described[Planned]):
    """Steps of a file: ``steps: [{id: nova, service: nova, command: [kolla-ansible, upgrade, --tags, nova]}]``."""

    name = "command"

    def __init__(self, config: Mapping[str, Any]) -> None:
        steps.refuse_other_keys(config, {"steps"})
        super().__init__(steps.read(config.get("steps"), Planned.from_mapping))

    def way(self, planned: Planned) -> steps.Way:
        """Its command; what fits a pattern is told."""
        return steps.Way(planned.command, {**os.environ, **planned.environment}, planned.told)
