"""What a cloud is like now: every host and every daemon, asked and not remembered."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from devcloud import runit
from devcloud.cloud import Cloud
from devcloud.service import Service
from devcloud.topology import HostPlan


@dataclass(frozen=True, slots=True)
class HostStatus:
    """A host: its name, its address, and whether its power is on."""

    name: str
    address: str
    on: bool


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """A daemon on a host, and in ``problem`` what is wrong with it, or an empty text."""

    host: str
    service: str
    problem: str = ""

    @property
    def well(self) -> bool:
        """True if nothing is wrong."""
        return not self.problem


@dataclass(frozen=True, slots=True)
class Status:
    """A cloud at one moment."""

    release: str
    hosts: tuple[HostStatus, ...]
    services: tuple[ServiceStatus, ...]

    @property
    def off(self) -> bool:
        """True if no host is on."""
        return not any(host.on for host in self.hosts)

    @property
    def well(self) -> bool:
        """True if all hosts are on and nothing is wrong with any daemon."""
        return all(host.on for host in self.hosts) and all(service.well for service in self.services)

    @property
    def problems(self) -> list[ServiceStatus]:
        """The daemons that something is wrong with."""
        return [service for service in self.services if not service.well]

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        services = [{**asdict(service), "well": service.well} for service in self.services]
        return {
            "well": self.well,
            "release": self.release,
            "hosts": [asdict(host) for host in self.hosts],
            "services": services,
        }


def status(cloud: Cloud) -> Status:
    """Ask every daemon, side by side; takes no longer than the slowest answer, at most some 10 s."""
    placements = list(cloud.placements())
    with ThreadPoolExecutor(16) as pool:
        services = tuple(pool.map(lambda placement: _service(cloud, *placement), placements))
    return Status(cloud.settings.release, tuple(_hosts(cloud)), services)


def _hosts(cloud: Cloud) -> Iterable[HostStatus]:
    for plan in cloud.topology.hosts:
        yield HostStatus(plan.name, str(plan.mgmt), cloud.find(plan) is not None)


def _service(cloud: Cloud, plan: HostPlan, service: Service) -> ServiceStatus:
    on = cloud.find(plan)
    if on is None:
        return ServiceStatus(plan.name, service.name, "its host is off")
    seen = runit.supervised(on, service.name)
    problem = cloud.problem(on, service, seen)
    if not problem and seen and seen.deaths:
        times = "once" if seen.deaths == 1 else f"{seen.deaths} times"
        problem = f"died {times} since `devcloud up` and was started again ({seen.last_death})"
    return ServiceStatus(plan.name, service.name, problem or "")
