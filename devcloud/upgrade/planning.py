"""The steps of an upgrade, in their order: a value, so that they can be shown before any of them is done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias

from devcloud.cloud import Cloud
from devcloud.services.instance import INSTANCES
from devcloud.services.service import Service
from devcloud.state import Upgrade
from devcloud.topology import COMPUTE, HostPlan
from devcloud.upgrade.migrations import MIGRATIONS, Commands, Migrations
from pytest_whitebox.core.deployers import Step
from pytest_whitebox.core.deployers.deployer import Kind
from pytest_whitebox.core.errors import StackproofError

#: Seconds that a step may take on a machine that has much else to do.
_INSTALL, _SCHEMA, _DAEMONS = 1800.0, 900.0, 900.0
_Placed: TypeAlias = tuple[HostPlan, Service]


@dataclass(frozen=True, slots=True)
class Install:
    """Install the new release beside the old one."""


@dataclass(frozen=True, slots=True)
class Check:
    """Ask a project whether it may be upgraded."""

    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Migrate:
    """Run commands on the controller."""

    commands: Commands


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop daemons."""

    daemons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Start:
    """Have daemons run as they belong: of the new release, with its files."""

    daemons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Again:
    """Have daemons begin anew, instances of an API one after the other."""

    daemons: tuple[str, ...]


Action: TypeAlias = Install | Check | Migrate | Stop | Start | Again


@dataclass(frozen=True, slots=True)
class Planned:
    """A step and what is done; before it, the daemons that it ``moves`` are written down as the new release's."""

    step: Step
    action: Action
    moves: tuple[str, ...] = ()


def plan(cloud: Cloud, upgrade: Upgrade, projects: Iterable[str] = ()) -> list[Planned]:
    """All steps, also those that are done; of some projects only if any are named.

    Raises `StackproofError` for a project that the cloud has not.
    """
    wanted = set(projects)
    known = cloud.settings.services
    if strange := sorted(wanted - set(known)):
        raise StackproofError(f"this cloud has no service {strange[0]!r}", hint=f"choose from {', '.join(known)}")
    first = Step(
        "install", f"install OpenStack {upgrade.target} beside {cloud.settings.release}", kind="prepare",
        timeout=_INSTALL,
    )  # fmt: skip
    steps = [Planned(first, Install())]
    for project in known:
        if not wanted or project in wanted:
            steps.extend(_Project(cloud, project).steps(upgrade.manner))
    return steps


@dataclass(frozen=True)
class _Project:
    cloud: Cloud
    name: str

    def steps(self, manner: str) -> Iterator[Planned]:
        if self.known.check:
            title = f"ask {self.name} whether it can be upgraded"
            yield self._planned("check", title, "prepare", Check(self.known.check))
        yield from self._rolling() if manner == "rolling" else self._cold()
        if self.known.pinned:
            title = f"begin {self.name} anew, so that it speaks the new remote calls"
            yield self._planned("unpin", title, "start", Again(_names(self.placed)))
        if self.known.online:
            title = f"carry rows of {self.name} over"
            yield self._planned("online", title, "database", Migrate(self.known.online))

    @property
    def known(self) -> Migrations:
        return MIGRATIONS[self.name]

    @property
    def placed(self) -> list[_Placed]:
        """Its daemons that are the release's."""
        here = self.cloud.placements()
        return [(plan, one) for plan, one in here if one.project == self.name and one.has_release]

    def _cold(self) -> Iterator[Planned]:
        all_ = _names(self.placed)
        yield self._planned("stop", f"stop {self.name}", "stop", Stop(all_))
        if commands := (*self.known.expand, *self.known.contract):
            title = f"migrate the schema of {self.name}"
            yield self._planned("migrate", title, "database", Migrate(commands), moves=all_)
        yield self._planned("start", f"start the new {self.name}", "start", Start(all_), moves=all_)

    def _rolling(self) -> Iterator[Planned]:
        if self.known.expand:
            title = f"expand the schema of {self.name} while the old release works"
            yield self._planned("expand", title, "database", Migrate(self.known.expand))
        computes = [(plan, one) for plan, one in self.placed if plan.role == COMPUTE]
        for plan, one in self.placed:
            if plan.role != COMPUTE and not one.is_api:
                yield self._replaced(one.name, [(plan, one)])
        for instance in INSTANCES:
            own = [(plan, one) for plan, one in self.placed if one.is_api and one.instance == instance]
            # With the last instance the old release is gone, but for compute hosts.
            if own:
                yield self._replaced(f"api-{instance.letter}", own, pause=instance != INSTANCES[-1])
        hosts = [list(group) for _, group in groupby(computes, key=lambda placed: placed[0].name)]
        for number, group in enumerate(hosts, 1):
            yield self._replaced(group[0][0].name, group, pause=self.known.pinned and number < len(hosts))
        if self.known.contract:
            title = f"contract the schema of {self.name}"
            yield self._planned("contract", title, "database", Migrate(self.known.contract))

    def _replaced(self, id: str, placed: Sequence[_Placed], *, pause: bool = False) -> Planned:
        names = _names(placed)
        return self._planned(id, f"replace {' and '.join(names)}", "upgrade", Start(names), moves=names, pause=pause)

    def _planned(
        self, id: str, title: str, kind: Kind, action: Action, *, moves: tuple[str, ...] = (), pause: bool = False
    ) -> Planned:
        hosts = {name.partition(" on ")[2] for name in getattr(action, "daemons", ())}
        timeout = _SCHEMA if kind == "database" else _DAEMONS
        step = Step(f"{self.name}/{id}", title, self.name, tuple(sorted(hosts)), kind, pause, timeout)
        return Planned(step, action, moves)


def _names(placed: Iterable[_Placed]) -> tuple[str, ...]:
    return tuple(service.on(plan.name) for plan, service in placed)
