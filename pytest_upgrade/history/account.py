"""A run in numbers and words that can be held against those of another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_upgrade.report.summary import standings, steps
from pytest_upgrade.verdicts.outages import outages
from pytest_upgrade.verdicts.samples import Samples

if TYPE_CHECKING:
    from pytest_upgrade.configured.places import Places
    from pytest_upgrade.store import Store
    from pytest_upgrade.store.values import Run

#: By what a test, a verdict or a thing is found again in another run.
Key = tuple[str, ...]


@dataclass(frozen=True)
class Account:
    """What became of a run.

    ``verdicts`` are of (service, tag), ``tests`` of (phase, test), ``things`` of (kind, name, level) at the last look;
    ``steps`` took so many seconds, and ``outages`` are those of each service's worst lane, in seconds.
    """

    run: Run
    deployer: str
    verdicts: Mapping[Key, str]
    tests: Mapping[Key, str]
    things: Mapping[Key, str] = field(default_factory=dict)
    steps: Mapping[str, float] = field(default_factory=dict)
    outages: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, store: Store, run: Run, places: Places) -> Account:
        """Read a run."""
        events = store.events.of(run.id)
        deployer = next((event.source for event in events if event.kind == "begin" and event.source != "mark"), "")
        words = {True: "yes", False: "no", None: "not judged"}
        return cls(
            run, deployer,
            verdicts={(one.service, one.tag): one.verdict for one in standings(store, run.id)},
            tests={(one.phase, one.test): one.outcome for one in store.outcomes.of(run.id)},
            things={(one.kind, one.name, one.level): words[one.ok] for one in store.findings.of(run.id)},
            steps={one.step: one.seconds for one in steps(events) if one.ok and one.seconds is not None},
            outages=_outages(store, run, places),
        )  # fmt: skip

    @property
    def kind(self) -> Key:
        """What runs have to have in common to be compared over time: the cloud, the way, and who goes it."""
        run = self.run
        return (run.host, run.region, run.release_from, run.release_to, self.deployer)

    @property
    def is_whole(self) -> bool:
        """True if it was tested after the upgrade."""
        return any(phase == "post" for phase, _ in self.tests)


def _outages(store: Store, run: Run, places: Places) -> dict[str, float]:
    from pytest_upgrade.verdicts.judging import Case
    from pytest_upgrade.verdicts.thresholds import Thresholds

    folder = places.directory(run.name).path
    if not Samples.are_in(folder):
        return {}
    case = Case.of(store, run, Samples(folder), Thresholds())
    if case.window is None:
        return {}
    begin, end = case.window
    return {
        service: max(
            sum(outage.seconds for outage in outages(lane.between(begin, end).eventful))
            for lane in case.lanes_of(service)
        )
        for service in case.services
    }
