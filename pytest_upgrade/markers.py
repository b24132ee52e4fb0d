"""The markers of this plugin, and which of them runs in which phase."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import pytest

from pytest_upgrade.observers.probe import Probe
from pytest_upgrade.observers.watched import Watched
from pytest_upgrade.phases.phase import Phase


@dataclass(frozen=True, slots=True)
class Rolling:
    """``@pytest.mark.rolling``: what has to hold before and after a rolling upgrade, and while two releases run."""

    usage: ClassVar[str] = "rolling: holds before, beside and after a rolling upgrade"

    @classmethod
    def from_mark(cls, mark: pytest.Mark) -> Rolling:
        """What a marker says; raises `pytest.Collector.CollectError` for what it cannot say."""
        if mark.args or mark.kwargs:
            raise _misused("rolling", "it takes no arguments")
        return cls()


@dataclass(frozen=True, slots=True)
class ZeroDowntime:
    """``@pytest.mark.zero_downtime(service="compute")``: no request fails while the cloud is upgraded.

    One request is named by ``probe="GET compute /servers"``.
    """

    usage: ClassVar[str] = (
        "zero_downtime(service, probe): no request to the service, or of the probe, or of several, fails in an upgrade"
    )

    watched: Watched

    @classmethod
    def from_mark(cls, mark: pytest.Mark) -> ZeroDowntime:
        """What a marker says; raises `pytest.Collector.CollectError` for what it cannot say."""
        return cls(_watched("zero_downtime", mark))


@dataclass(frozen=True, slots=True)
class ZeroImpact:
    """``@pytest.mark.zero_impact(service="compute")``: nor does any take longer than before."""

    usage: ClassVar[str] = (
        "zero_impact(service, probe): no request to the service, or of the probe, or of several, gets slower"
    )

    watched: Watched

    @classmethod
    def from_mark(cls, mark: pytest.Mark) -> ZeroImpact:
        """What a marker says; raises `pytest.Collector.CollectError` for what it cannot say."""
        return cls(_watched("zero_impact", mark))


@dataclass(frozen=True, slots=True)
class InPhase:
    """``@pytest.mark.phase("pre", "post")``: runs in these phases, whatever its other markers say."""

    usage: ClassVar[str] = "phase(*names): runs in these phases of an upgrade (pre, during, post) and in no other"

    phases: frozenset[Phase]

    @classmethod
    def from_mark(cls, mark: pytest.Mark) -> InPhase:
        """What a marker says; raises `pytest.Collector.CollectError` for what it cannot say."""
        known = ", ".join(Phase)
        if not mark.args or mark.kwargs:
            raise _misused("phase", f"it takes the names of phases: {known}")
        strange = [word for word in mark.args if word not in list(Phase)]
        if strange:
            raise _misused("phase", f"{strange[0]!r} is none of {known}")
        return cls(frozenset(map(Phase, mark.args)))


Tag = type[Rolling] | type[ZeroDowntime] | type[ZeroImpact]
TAGS: Mapping[str, Tag] = MappingProxyType(
    {"rolling": Rolling, "zero_downtime": ZeroDowntime, "zero_impact": ZeroImpact}
)
MARKERS: Mapping[str, Tag | type[InPhase]] = MappingProxyType({**TAGS, "phase": InPhase})

#: When a test runs that has a marker, and what is done with it then. `phase` overrules it.
WHEN: Mapping[str, Mapping[Phase, str]] = MappingProxyType(
    {
        "rolling": {
            Phase.PRE: "makes what it needs and keeps its baselines",
            Phase.DURING: "finds what it made, between the releases",
            Phase.POST: "finds what it made, compares with its baselines",
        },
        "zero_downtime": {Phase.DURING: "judges its services and probes once the upgrade has ended"},
        "zero_impact": {
            Phase.PRE: "takes the baseline of its services and probes",
            Phase.DURING: "judges its services and probes once the upgrade has ended",
            Phase.POST: "takes the baseline again",
        },
    }
)


def declare(config: pytest.Config) -> None:
    """Make the markers known to pytest."""
    for marker in MARKERS.values():
        config.addinivalue_line("markers", marker.usage)


def check(collected: object) -> None:
    """Raise `pytest.Collector.CollectError` if a marker is misused on one of the collected tests."""
    for item in collected if isinstance(collected, Iterable) else ():
        for mark in item.iter_markers() if isinstance(item, pytest.Item) else ():
            if mark.name in MARKERS:
                MARKERS[mark.name].from_mark(mark)


def phases_of(item: pytest.Item) -> frozenset[Phase]:
    """The phases in which a test runs; the nearest `phase` marker overrules all others."""
    own = item.get_closest_marker("phase")
    if own is not None:
        return InPhase.from_mark(own).phases
    return frozenset(phase for tag in tags_of(item) for phase in WHEN[tag])


def tags_of(item: pytest.Item) -> tuple[str, ...]:
    """The tags of upgrades that a test is about, in the order of what they demand."""
    return tuple(tag for tag in TAGS if item.get_closest_marker(tag))


def waits(item: pytest.Item) -> bool:
    """True for a test that, during an upgrade, judges what was seen until its end."""
    return any(item.get_closest_marker(tag) for tag in ("zero_downtime", "zero_impact"))


def watched_by(item: pytest.Item) -> Watched:
    """What its zero_downtime and zero_impact markers name, each once."""
    found = [ZeroDowntime.from_mark(mark).watched for mark in item.iter_markers("zero_downtime")]
    found += [ZeroImpact.from_mark(mark).watched for mark in item.iter_markers("zero_impact")]
    return Watched(
        tuple(dict.fromkeys(probe for one in found for probe in one.probes)),
        tuple(dict.fromkeys(service for one in found for service in one.services)),
    )


def _watched(name: str, mark: pytest.Mark) -> Watched:
    texts = _listed(*mark.args, mark.kwargs.get("probe", ()))
    services = _listed(mark.kwargs.get("service", ()))
    if not (texts or services) or set(mark.kwargs) - {"probe", "service"}:
        raise _misused(name, 'it takes services or probes, as in service="compute" or probe="GET compute /servers"')
    for service in services:
        if not isinstance(service, str) or not service.strip() or " " in service:
            raise _misused(name, f"{service!r} is no service: write its type, as in service='compute'")
    try:
        return Watched(tuple(map(Probe.from_text, texts)), tuple(services))
    except ValueError as error:
        raise _misused(name, str(error)) from None


def _listed(*given: Any) -> list[Any]:
    return [one for some in given for one in (some if isinstance(some, list | tuple) else [some])]


def _misused(name: str, why: str) -> Exception:
    return pytest.Collector.CollectError(f"@pytest.mark.{name}: {why}")
