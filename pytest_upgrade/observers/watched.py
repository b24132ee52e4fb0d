"""What of all that is observed a test is about."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_upgrade.observers.lane import Lane
from pytest_upgrade.observers.probe import Probe


@dataclass(frozen=True, slots=True)
class Watched:
    """Probes by name, and all lanes of whole services.

    >>> watched = Watched((Probe.from_text("GET compute /servers"),), ("image",))
    >>> watched.has(Lane("image", "GET", "/versions", "http://10.0.0.1:9292/versions", "new", 0.2))
    True
    """

    probes: tuple[Probe, ...] = ()
    services: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.probes or self.services)

    @property
    def operations(self) -> set[str]:
        """What the probes ask, as lanes call it."""
        return {probe.operation for probe in self.probes}

    def has(self, lane: Lane) -> bool:
        """True for a lane that it is about."""
        return lane.role != "control" and (lane.service in self.services or lane.operation in self.operations)
