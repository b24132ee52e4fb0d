"""Doing the steps of an upgrade: each is written down when it is done, and done again if it was interrupted."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from devcloud import up as bringing_up
from devcloud.cloud import Cloud
from devcloud.configuration import environment_of
from devcloud.machine import packages
from devcloud.plan import Progress
from devcloud.services import runit
from devcloud.state import Upgrade
from devcloud.upgrade.planning import Again, Check, Install, Migrate, Planned, Start, Stop, plan
from pytest_whitebox.core.errors import StackproofError

#: Seconds that daemons have to end what they are at.
_STOP = 60
_CHECK, _MIGRATE = 120, 800
#: What `…-status upgrade check` exits with if an upgrade must not go on; less is well, or a warning.
_FAILURE = 2


def carry_out(cloud: Cloud, planned: Sequence[Planned], progress: Progress, *, until: str = "") -> Cloud:
    """Do what is not done of the steps, up to the one called ``until`` or all; returns the cloud as it is then.

    With the last step of all projects the cloud is of the new release.
    """
    for one in planned:
        if one.step.id not in _open(cloud).done:
            began = time.monotonic()
            cloud = _done(cloud, one, progress)
            progress.done(f"{one.step.id}: {one.step.title}", time.monotonic() - began)
        if one.step.id == until:
            break
    upgrade = _open(cloud)
    if all(one.step.id in upgrade.done for one in plan(cloud, upgrade)):
        cloud = Cloud(cloud.state, replace(cloud.settings, release=upgrade.target, upgrade=None))
        cloud.state.write(cloud.settings)
        bringing_up.up(cloud, progress)
    return cloud


def _done(cloud: Cloud, one: Planned, progress: Progress) -> Cloud:
    upgrade = _open(cloud)
    if moves := [name for name in one.moves if name not in upgrade.moved]:
        # Before anything is changed: `devcloud up` must bring up what is being made, whatever is killed.
        cloud = _noted(cloud, replace(upgrade, moved=(*upgrade.moved, *moves)))
    _act(cloud, one, progress)
    upgrade = _open(cloud)
    return _noted(cloud, replace(upgrade, done=(*upgrade.done, one.step.id)))


def _noted(cloud: Cloud, upgrade: Upgrade) -> Cloud:
    settings = replace(cloud.settings, upgrade=upgrade)
    cloud.state.write(settings)
    return Cloud(cloud.state, settings)


def _act(cloud: Cloud, one: Planned, progress: Progress) -> None:
    match one.action:
        case Install():
            packages.environment(cloud.state, _open(cloud).target, progress.done)
        case Check(command):
            _check(cloud, command)
        case Migrate(commands):
            for command in commands:
                _run(cloud, command)
        case Stop(daemons):
            _stop(cloud, daemons)
        case Start(daemons):
            bringing_up.up(cloud, progress, wanted=lambda task: task in daemons)
        case Again(daemons):
            anew = {plan.name: {one.step.service} for plan in cloud.topology.hosts}
            bringing_up.up(cloud, progress, anew, wanted=lambda task: task in daemons)


def _check(cloud: Cloud, command: tuple[str, ...]) -> None:
    result = cloud.controller.run([_program(cloud, command[0]), *command[1:]], timeout=_CHECK, check=False)
    if result.rc >= _FAILURE:
        lines = [line.strip("| ") for line in result.stdout.splitlines()]
        said = "; ".join(line for line in lines if line.startswith(("Result: Failure", "Details:")))
        last = (result.stderr.strip().splitlines() or [f"exit code {result.rc}"])[-1]
        raise StackproofError(
            f"`{' '.join(command)}` of {_open(cloud).target} says no: {said or last}",
            hint="put that right; nothing of this project is upgraded yet",
        )


def _run(cloud: Cloud, command: tuple[str, ...]) -> None:
    cloud.controller.run([_program(cloud, command[0]), *command[1:]], timeout=_MIGRATE)


def _program(cloud: Cloud, name: str) -> str:
    return str(environment_of(cloud.state, _open(cloud).target) / "bin" / name)


def _stop(cloud: Cloud, daemons: tuple[str, ...]) -> None:
    by_host: dict[str, list[str]] = defaultdict(list)
    for daemon in daemons:
        name, _, host = daemon.partition(" on ")
        by_host[host].append(name)
    for host, names in by_host.items():
        runit.stop(cloud.host_named(host), names, timeout=_STOP)


def _open(cloud: Cloud) -> Upgrade:
    assert cloud.settings.upgrade is not None  # noqa: S101 -- what is carried out has begun
    return cloud.settings.upgrade
