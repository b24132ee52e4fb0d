"""The verdicts of a run: each service, each tag, from what its store and its samples hold; given again at any time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pytest_upgrade.observers.left_out import LeftOut
from pytest_upgrade.persistent import heartbeat
from pytest_upgrade.persistent.heartbeat import Heartbeat
from pytest_upgrade.verdicts import downtime, guests, impact, ledger, steps, tested
from pytest_upgrade.verdicts.downtime import Window
from pytest_upgrade.verdicts.ledger import Deed
from pytest_upgrade.verdicts.samples import Samples
from pytest_upgrade.verdicts.series import Series
from pytest_upgrade.verdicts.steps import StepSpan
from pytest_upgrade.verdicts.thresholds import Thresholds
from pytest_upgrade.verdicts.verdict import Finding, ServiceVerdict, Word, worst
from pytest_whitebox.core.errors import StackproofError

if TYPE_CHECKING:
    from pytest_upgrade.store import Store
    from pytest_upgrade.store.values import Outcome, Run

#: Each tag demands all that those before it do.
TAGS = ("rolling", "zero_downtime", "zero_impact")


@dataclass(frozen=True)
class Case:
    """All that is judged: when the upgrade was, its steps, the lanes, the outcomes of the tests, what guests saw."""

    window: Window | None
    steps: Sequence[StepSpan]
    lanes: Sequence[Series]
    outcomes: Sequence[Outcome] = ()
    limits: Thresholds = field(default_factory=Thresholds)
    deeds: Sequence[Deed] = ()
    guests: Sequence[Heartbeat] = ()
    left_out: Sequence[LeftOut] = ()

    @classmethod
    def of(cls, store: Store, run: Run, samples: Samples | None, limits: Thresholds) -> Case:
        """What is known of a run; the upgrade was between its marks, else while pytest watched beside it."""
        events = store.events.of(run.id)
        lanes, lines, left_out = (
            (samples.series(), samples.ledger(), samples.left_out()) if samples else ([], [], [])
        )  # fmt: skip
        return cls(
            window_of(store, run), steps.spans(events), lanes, store.outcomes.of(run.id), limits, ledger.deeds(lines),
            heartbeat.kept(store, run), left_out,
        )  # fmt: skip

    @property
    def services(self) -> list[str]:
        """The services that lanes observe, or would if they had not been left out."""
        lanes = [one.lane for one in self.lanes] + [one.lane for one in self.left_out]
        return sorted({lane.service for lane in lanes if lane.role != "control"})

    def lanes_of(self, service: str) -> list[Series]:
        """The lanes that observe a service."""
        return [one for one in self.lanes if one.lane.service == service and one.lane.role != "control"]

    def without(self, service: str) -> str:
        """What of a service is not observed, and why, in words."""
        found = [str(one) for one in self.left_out if one.lane.service == service]
        return f"; left out: {'; '.join(found)}" if found else ""

    def deeds_of(self, service: str) -> list[Deed]:
        """What was written to a service."""
        return [one for one in self.deeds if one.lane.service == service]

    def data_plane(self) -> Iterator[str]:
        """The outages that guests have seen themselves, in words, with the steps that they fall in."""
        for guest in self.guests:
            for one in guest.outages:
                met = ", ".join(steps.within(self.steps, one.start, one.end))
                at = datetime.fromtimestamp(one.start, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
                yield f"guest of {guest.server}: {one} from {at}{f' during {met}' if met else ''}"

    @property
    def control(self) -> list[Series]:
        """The lanes that ask nothing of the cloud."""
        return [one for one in self.lanes if one.lane.role == "control"]


def window_of(store: Store, run: Run) -> Window | None:
    """When the upgrade was; None if nobody has told."""
    if found := steps.upgrade(store.events.of(run.id)):
        return found
    beside = [one for one in store.attempts.of(run.id, phase="during") if one.ended]
    return (min(one.began for one in beside), max(one.ended or 0.0 for one in beside)) if beside else None


def verdicts(case: Case, services: Sequence[str] = ()) -> list[ServiceVerdict]:
    """A verdict for each service and tag, and on the guests; raises `StackproofError` for what nobody observes."""
    known = [*case.services, *([guests.SERVICE] if case.guests else [])]
    if unknown := set(services) - set(known):
        hint = f"observed are: {', '.join(known) or 'none'}"
        raise StackproofError(f"no lane observes {', '.join(sorted(unknown))}", hint=hint)
    return [
        verdict
        for one in services or known
        for verdict in ([_of_guests(case)] if one == guests.SERVICE else _of_service(case, one))
    ]


def _of_guests(case: Case) -> ServiceVerdict:
    """The data plane has no tests of its own, and no quantiles."""
    found = guests.judge(case.guests, case.window, case.steps) if case.window else [_no_window()]
    word = worst(one.word for one in found)
    return ServiceVerdict(guests.SERVICE, "zero_downtime", word, guests.resolution(case.guests), tuple(found))


def _of_service(case: Case, service: str) -> list[ServiceVerdict]:
    """The ladder: the findings of a tag are also those of the tags above it."""
    found: list[Finding] = []
    made: list[ServiceVerdict] = []
    for tag, more, resolution in (
        ("rolling", _rolling(case, service), "by the tests of the phases before and after"),
        ("zero_downtime", _downtime(case, service), _downtime_resolution(case, service)),
        ("zero_impact", _impact(case, service), impact.resolution(case.limits) + case.without(service)),
    ):
        found += more
        made.append(ServiceVerdict(service, tag, worst(one.word for one in found), resolution, tuple(found)))
    return made


def _rolling(case: Case, service: str) -> list[Finding]:
    found = []
    about = [one for one in case.outcomes if (one.tag, one.service) == ("rolling", service)]
    for phase in ("pre", "post"):
        own = [(one, word) for one, word in tested.said(about) if one.phase == phase]
        bad = [f"{one.test} {one.outcome}" for one, word in own if word is not Word.PASS]
        text = "; ".join(bad) if bad else f"{len(own)} passed" if own else "no test of the service was run"
        found.append(Finding("tests", worst(word for _, word in own), f"{phase}: {text}"))
    return found


def _downtime(case: Case, service: str) -> list[Finding]:
    if case.window is None:
        return [_no_window()]
    if not (lanes := case.lanes_of(service)):
        return [Finding("coverage", Word.INCONCLUSIVE, f"no lane observes the service{case.without(service)}")]
    found = downtime.judge(lanes, case.control, case.window, case.steps, case.limits)
    found += ledger.judge(case.deeds_of(service), case.control, case.window, case.steps)
    return found or [Finding("outage", Word.PASS, "no request failed")]


def _downtime_resolution(case: Case, service: str) -> str:
    if not case.window:
        return "nothing was judged"
    written = case.deeds_of(service)
    told = f"; writes: {ledger.summary(written)}" if written else ""
    return downtime.resolution(case.lanes_of(service), case.window) + told + case.without(service)


def _impact(case: Case, service: str) -> list[Finding]:
    if case.window is None:
        return [_no_window()]
    # What is written so rarely says nothing of quantiles.
    reads = [one for one in case.lanes_of(service) if one.lane.canary is None]
    return impact.judge(reads, (0.0, case.window[0]), case.window, case.steps, case.limits)


def _no_window() -> Finding:
    hint = "`pytest-upgrade mark begin` and `mark end` tell"
    return Finding("steps", Word.INCONCLUSIVE, f"nobody has told when the upgrade was ({hint})")
