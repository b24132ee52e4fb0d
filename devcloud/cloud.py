"""The cloud as a value: which daemon belongs on which host, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from devcloud.apis.doors import Doors
from devcloud.configuration import environment_of
from devcloud.hosts import host
from devcloud.hosts.host import Host
from devcloud.services import check, runit
from devcloud.services.catalog import services
from devcloud.services.instance import INSTANCES
from devcloud.services.service import Service
from devcloud.state import Settings, State
from devcloud.topology import HostPlan, Topology
from pytest_whitebox.core.errors import StackproofError


@dataclass(frozen=True)
class Cloud:
    """A cloud in its state folder, up or not."""

    state: State
    settings: Settings

    @cached_property
    def topology(self) -> Topology:
        """Its networks and hosts."""
        return Topology(self.settings.subnet, self.settings.computes)

    @cached_property
    def doors(self) -> Doors:
        """Its APIs' public side."""
        return Doors.of(self.state, self.settings)

    @cached_property
    def services(self) -> tuple[Service, ...]:
        """Its daemons."""
        return services(self.settings.services, self.settings.workers)

    def programs(self, project: str) -> str:
        """Folder of a project's programs, the same path on every host; the newer ones while it is upgraded."""
        own = {self.release_of(plan, service) for plan, service in self.placements() if service.project == project}
        return self._programs(max(own, default=self.settings.release))

    def programs_of(self, plan: HostPlan, service: Service) -> str:
        """Folder of the programs that a daemon is started from."""
        return self._programs(self.release_of(plan, service))

    def _programs(self, release: str) -> str:
        return str(environment_of(self.state, release) / "bin")

    def release_of(self, plan: HostPlan, service: Service) -> str:
        """The release that a daemon belongs at."""
        return self.settings.release_of(service.on(plan.name))

    def placements(self) -> Iterator[tuple[HostPlan, Service]]:
        """Each daemon on each host that has it."""
        for plan in self.topology.hosts:
            for service in self.services:
                if plan.role in service.roles:
                    yield plan, service

    def placed(self, name: str, instance: str = "") -> list[tuple[HostPlan, Service]]:
        """Where a daemon belongs, all instances of it or one; raises `StackproofError` for what this cloud has not."""
        found = [(plan, service) for plan, service in self.placements() if name in (service.name, service.base)]
        if not found:
            names = ", ".join(sorted({service.name for service in self.services}))
            raise StackproofError(f"this cloud has no service {name!r}", hint=f"choose from {names}")
        chosen = [(plan, service) for plan, service in found if instance in ("", service.instance.letter)]
        if not chosen:
            raise StackproofError(
                f"{name} has no instance {instance}", hint="`devcloud up --workers 2` makes instance b"
            )
        return chosen

    def unwanted(self) -> Iterator[Service]:
        """Instances of APIs that the cloud had, or may have had, when it was given more of them."""
        wanted = {service.name for service in self.services}
        all_of_them = services(self.settings.services, len(INSTANCES))
        return (service for service in all_of_them if service.name not in wanted)

    def find(self, plan: HostPlan) -> Host | None:
        """A host, if its power is on."""
        return host.find(self.state, plan)

    def host(self, plan: HostPlan) -> Host:
        """A host that is on; raises `StackproofError` if it is off."""
        found = self.find(plan)
        if found is None:
            raise StackproofError(f"host {plan.name} is off", hint="`devcloud up` switches it on")
        return found

    def host_named(self, name: str) -> Host:
        """A host that is on, by its name."""
        for plan in self.topology.hosts:
            if plan.name == name:
                return self.host(plan)
        known = ", ".join(plan.name for plan in self.topology.hosts)
        raise StackproofError(f"this cloud has no host {name!r}", hint=f"choose from {known}")

    @property
    def controller(self) -> Host:
        """The host that has the databases and the APIs."""
        return self.host(self.topology.controller)

    def problem(self, on: Host, service: Service, seen: runit.Supervised | None) -> str | None:
        """What is wrong with one daemon, in a few words, or None; ``seen`` is what its supervisor says."""
        wrong = check.problem(self.state, self.doors, on, service, seen)
        if wrong or not self.is_outdated(on, service, seen):
            return wrong
        return f"runs {self.running_release(on, seen)}, and belongs at {self.release_of(on.plan, service)}"

    def is_outdated(self, on: Host, service: Service, seen: runit.Supervised | None) -> bool:
        """True if a daemon runs another release than it belongs at."""
        running = self.running_release(on, seen) if service.has_release else ""
        return bool(running) and running != self.release_of(on.plan, service)

    def running_release(self, on: Host, seen: runit.Supervised | None) -> str:
        """The release whose programs a daemon runs, by its process; an empty text if it runs none."""
        return runit.folder_below(on, seen, self.state.environments) if seen and seen.up else ""

    def silent(self, on: Host, service: Service, within: float) -> bool:
        """True if a daemon that reports to the cloud has not been seen to do so in the last ``within`` seconds."""
        return check.silent(self.state, self.doors, on, service, within)
