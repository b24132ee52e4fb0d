"""The steps of an upgrade as spans of time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pytest_upgrade.store.values import Event


@dataclass(frozen=True, slots=True)
class StepSpan:
    """A step from its begin to its end, which is infinite while it runs; times since 1970."""

    name: str
    service: str
    host: str
    begin: float
    end: float
    ok: bool | None = None


def spans(events: Iterable[Event]) -> list[StepSpan]:
    """The steps that began; one that begins again is another.

    >>> spans([Event("nova", "begin", at=1.0), Event("nova", "end", at=3.0, ok=True)])[0].end
    3.0
    """
    found: list[StepSpan] = []
    under_way: dict[str, Event] = {}
    for event in sorted(events, key=lambda event: event.at):
        if event.step and event.kind == "begin":
            under_way[event.step] = event
        elif event.kind == "end" and event.step in under_way:
            begun = under_way.pop(event.step)
            found.append(StepSpan(event.step, begun.service, begun.host, begun.at, event.at, event.ok))
    found += [StepSpan(one.step, one.service, one.host, one.at, float("inf")) for one in under_way.values()]
    return sorted(found, key=lambda span: span.begin)


def upgrade(events: Iterable[Event]) -> tuple[float, float] | None:
    """From when until when the upgrade was: from its first begin to its last end, or of its steps if it has none.

    None if nobody has told when it began: what came before its first end may be the worst of it.
    """
    known = list(events)
    whole = [event for event in known if not event.step] or known
    begins = [event.at for event in whole if event.kind == "begin"]
    begins = begins or [event.at for event in known if event.kind == "begin"]
    ends = [event.at for event in whole if event.kind == "end"]
    return (min(begins), max(ends)) if begins and ends and max(ends) > min(begins) else None


def within(steps: Sequence[StepSpan], begin: float, end: float) -> tuple[str, ...]:
    """The names of the steps that ran in a time; one that had just ended counts too, for its work may still go on."""
    return tuple(step.name for step in steps if step.begin <= end and step.end >= begin)
