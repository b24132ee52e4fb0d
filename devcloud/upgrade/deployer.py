"""devcloud as a deployment tool: `pytest-upgrade run --deployer devcloud` has it upgrade itself, step by step."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from devcloud.cloud import Cloud
from devcloud.services import runit
from devcloud.services.service import Http
from devcloud.state import DEFAULT, State
from devcloud.upgrade import planning, request
from pytest_whitebox.core.deployers import Emit, Instance, Outcome, Step, Target
from pytest_whitebox.core.deployers.program import Programs
from pytest_whitebox.core.errors import StackproofError

_KEYS = ("manner", "state")


class Devcloud:
    """The cloud of ``state`` (DEVCLOUD_STATE), upgraded in a ``manner``: ``cold`` or ``rolling``.

    Each step is a run of ``program``, which goes on from where the one before has ended; it keeps back no line.
    """

    name = "devcloud"

    def __init__(
        self, config: Mapping[str, Any], program: Sequence[str] = (sys.executable, "-u", "-m", "devcloud.cli")
    ) -> None:
        if strange := sorted(set(map(str, config)) - set(_KEYS)):
            raise StackproofError(
                f"the deployer's file has the key {strange[0]!r}, and only `manner` and `state` are known",
                hint="see docs/upgrade.md",
            )
        self._manner: str | None = config.get("manner")
        if self._manner not in (None, *request.MANNERS):
            raise StackproofError(f"there is no manner {self._manner!r}", hint=f"choose {' or '.join(request.MANNERS)}")
        self._state = State(Path(config.get("state") or os.environ.get("DEVCLOUD_STATE") or DEFAULT).absolute())
        self._program = tuple(program)
        self._programs = Programs()
        self._words: dict[str, tuple[str, ...]] = {}

    def plan(self, target: Target) -> Sequence[Step]:
        """All steps of the upgrade; those that are done are done again in no time."""
        if not target.release:
            raise StackproofError("nobody says which release devcloud is to be upgraded to", hint="pass --upgrade-to")
        settings = self._state.settings()
        upgrade = request.wanted(settings, target.release, self._manner)
        projects = sorted(target.services)
        planned = planning.plan(Cloud(self._state, replace(settings, upgrade=upgrade)), upgrade, projects)
        given = ("--to", upgrade.target, "--manner", upgrade.manner, *(f"--service={name}" for name in projects))
        self._words = {one.step.id: (*given, "--until", one.step.id) for one in planned}
        return [one.step for one in planned]

    def run(self, step: Step, emit: Emit) -> Outcome:
        """Have devcloud go on up to this step; each line that it prints is told."""
        words = (*self._program, "upgrade", "--state", str(self._state.path), *self._words[step.id])
        return self._programs.run(step, words, emit, os.environ)

    def abort(self, step: Step, grace: float) -> None:
        """End the run of devcloud; the step is done again by the next."""
        self._programs.abort(step, grace)

    def inventory(self) -> Sequence[Instance]:
        """The release's daemons on their hosts, APIs with their own address."""
        cloud = Cloud(self._state, self._state.settings())
        return [
            Instance(one.name, plan.name, f"http://{plan.mgmt}:{one.port}" if isinstance(one.check, Http) else "")
            for plan, one in cloud.placements()
            if one.has_release
        ]

    def release_of(self, instance: Instance) -> frozenset[str]:
        """The release whose program the process runs; empty if it does not run or may not be looked at."""
        cloud = Cloud(self._state, self._state.settings())
        for plan, one in cloud.placements():
            if (one.name, plan.name) == (instance.service, instance.host) and (on := cloud.find(plan)):
                found = cloud.running_release(on, runit.supervised(on, one.name))
                return frozenset({found} if found else ())
        return frozenset()
