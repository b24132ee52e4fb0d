"""What a cloud has done and what it costs, at one moment, for benchmarks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from devcloud.cloud import Cloud
from devcloud.measure import usage
from devcloud.measure.request import Request, requests
from devcloud.measure.traffic import Traffic, traffic
from devcloud.measure.usage import ProcessUsage, ServiceUsage

#: Of the file that `devcloud metrics --output` writes; a change that a reader must know of counts it up.
SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Metrics:
    """Requests since ``since``, when the controller was switched on, and processes as they are now."""

    release: str
    since: datetime
    taken: datetime
    traffic: tuple[Traffic, ...]
    processes: tuple[ProcessUsage, ...]

    @property
    def services(self) -> list[ServiceUsage]:
        """The processes, summed up by service."""
        return usage.services(self.processes)

    def as_json(self) -> dict[str, Any]:
        """The same for programs: bytes, seconds, and milliseconds in ``requests``."""
        return {
            "schema": SCHEMA,
            "release": self.release,
            "since": self.since.isoformat(timespec="milliseconds"),
            "taken": self.taken.isoformat(timespec="milliseconds"),
            "requests": [asdict(one) for one in self.traffic],
            "services": [asdict(one) for one in self.services],
            "processes": [asdict(one) for one in self.processes],
        }


def metrics(cloud: Cloud) -> Metrics:
    """Read HAProxy's log and the process tables of all hosts that are on; raises `StackproofError` if it is down."""
    since = cloud.controller.holder.since
    hosts = [on for plan in cloud.topology.hosts if (on := cloud.find(plan))]
    return Metrics(
        cloud.settings.release,
        since,
        datetime.now(UTC),
        tuple(traffic(_requests(cloud, since))),
        tuple(process for on in hosts for process in usage.processes(on)),
    )


def _requests(cloud: Cloud, since: datetime) -> Iterator[Request]:
    """What was logged from a time on: each line begins with a time, and is written when its request has ended."""
    [(_, haproxy)] = cloud.placed("haproxy")
    log = cloud.controller.path(haproxy.log)
    first = since.isoformat(timespec="microseconds")
    with log.open(errors="replace") as lines:
        yield from requests(line for line in lines if line >= first)
