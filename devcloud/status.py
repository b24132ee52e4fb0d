"""What a cloud is like now: every host and every daemon, asked and not remembered."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from devcloud.cloud import Cloud
from devcloud.hosts import fabric
from devcloud.hosts.host import Host
from devcloud.journal import Journal
from devcloud.services import runit
from devcloud.services.service import Service
from devcloud.topology import HostPlan

#: Bridges of the fabric that are called otherwise in words.
_CABLES = {"mgmt": "management"}
_Processes: TypeAlias = "Mapping[str, list[runit.Process]]"


@dataclass(frozen=True, slots=True)
class HostStatus:
    """A host: its name, its address, whether its power is on, and in ``problem`` what is wrong with it."""

    name: str
    address: str
    on: bool
    problem: str = ""

    @property
    def well(self) -> bool:
        """True if it is on and nothing is wrong."""
        return self.on and not self.problem


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """A daemon on a host, and in ``problem`` what is wrong with it, or an empty text.

    ``release`` is the one of OpenStack that it belongs at; empty for what is the distribution's.
    """

    host: str
    service: str
    problem: str = ""
    release: str = ""

    @property
    def well(self) -> bool:
        """True if nothing is wrong."""
        return not self.problem


@dataclass(frozen=True, slots=True)
class Status:
    """A cloud at one moment; ``faults`` are those that were made on purpose, ``target`` is where an upgrade leads."""

    release: str
    hosts: tuple[HostStatus, ...]
    services: tuple[ServiceStatus, ...]
    faults: tuple[str, ...] = ()
    target: str = ""

    @property
    def told(self) -> str:
        """Its release, and how far an upgrade has come."""
        if not self.target:
            return self.release
        all_ = [service for service in self.services if service.release]
        moved = sum(service.release == self.target for service in all_)
        return f"{self.release} on its way to {self.target} ({moved} of {len(all_)} daemons)"

    @property
    def off(self) -> bool:
        """True if no host is on."""
        return not any(host.on for host in self.hosts)

    @property
    def well(self) -> bool:
        """True if all hosts are on and nothing is wrong with any daemon."""
        return all(host.well for host in self.hosts) and all(service.well for service in self.services)

    @property
    def problems(self) -> list[ServiceStatus]:
        """The daemons that something is wrong with."""
        return [service for service in self.services if not service.well]

    def named(self) -> dict[str, str]:
        """What is wrong, by the host or by "daemon on host"."""
        hosts = {host.name: f"{host.name} {host.problem}" for host in self.hosts if not host.well}
        services = {f"{service.service} on {service.host}": service.problem for service in self.problems}
        return hosts | {name: f"{name} {problem}" for name, problem in services.items()}

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        services = [{**asdict(service), "well": service.well} for service in self.services]
        return {
            "well": self.well,
            "release": self.release,
            "target": self.target,
            "hosts": [asdict(host) for host in self.hosts],
            "services": services,
            "faults": list(self.faults),
        }


def status(cloud: Cloud) -> Status:
    """Ask every daemon, side by side; takes no longer than the slowest answer, at most some 10 s."""
    on = {plan.name: cloud.find(plan) for plan in cloud.topology.hosts}
    placements = list(cloud.placements())
    processes = {name: runit.processes(host) for name, host in on.items() if host}
    with ThreadPoolExecutor(len(placements) + len(on)) as pool:
        hosts = pool.map(lambda plan: _host(plan, on[plan.name]), cloud.topology.hosts)
        services = pool.map(lambda placed: _service(cloud, on[placed[0].name], processes, *placed), placements)
        open_ = tuple(notes.name for notes in Journal.of(cloud.state).open())
        target = cloud.settings.upgrade.target if cloud.settings.upgrade else ""
        return Status(cloud.settings.release, tuple(hosts), tuple(services), open_, target)


def _host(plan: HostPlan, on: Host | None) -> HostStatus:
    """A host and its cables."""
    address = str(plan.mgmt)
    if on is None:
        return HostStatus(plan.name, address, False, "is off")
    loose = [_CABLES.get(bridge, bridge) for bridge in fabric.INTERFACES if fabric.is_unplugged(on, bridge)]
    return HostStatus(plan.name, address, True, f"is cut off from the {' and '.join(loose)} network" if loose else "")


def _service(
    cloud: Cloud, on: Host | None, processes: Mapping[str, _Processes], plan: HostPlan, service: Service
) -> ServiceStatus:
    release = cloud.release_of(plan, service) if service.has_release else ""
    if on is None:
        return ServiceStatus(plan.name, service.name, "its host is off", release)
    seen = runit.supervised(on, service.name)
    problem = cloud.problem(on, service, seen)
    left = [] if service.keeps_children else runit.strays(processes[plan.name].get(service.name, []), seen)
    if left:
        pids = ", ".join(str(process.pid) for process in left)
        problem = f"{f'{problem}, and ' if problem else ''}has processes of an earlier start beside it ({pids})"
    if not problem and seen and seen.deaths:
        times = "once" if seen.deaths == 1 else f"{seen.deaths} times"
        problem = f"died {times} since `devcloud up` and was started again ({seen.last_death})"
    return ServiceStatus(plan.name, service.name, problem or "", release)
