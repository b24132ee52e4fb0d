"""How a run stands, service by service and tag by tag, with the reasons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from pytest_upgrade.verdicts import tested
from pytest_upgrade.verdicts.verdict import Word

if TYPE_CHECKING:
    from pytest_upgrade.store import Store
    from pytest_upgrade.store.values import Event, Outcome

PASS, FAIL, INCONCLUSIVE = "pass", "fail", "inconclusive"
#: The phase without which nothing is known of an upgrade.
_POST = "post"


@dataclass(frozen=True, slots=True)
class Standing:
    """A service under a tag: pass, fail or inconclusive, how many tests that rests on, and why it is no pass."""

    service: str
    tag: str
    verdict: str
    tests: int
    reasons: tuple[str, ...] = ()

    @classmethod
    def of(cls, service: str, tag: str, outcomes: Iterable[Outcome]) -> Standing:
        """By the last outcome of each test in each phase: one that failed fails, and without `post` nothing passes."""
        said = tested.said(outcomes)
        failed = [one for one, word in said if word is Word.FAIL]
        unsure = [one for one, word in said if word is Word.INCONCLUSIVE]
        reasons = [f"{one.phase}: {_name(one.test)}: {_first(one.reason)}" for one in (*failed, *unsure)]
        if not any(one.phase == _POST for one, _ in said):
            reasons.append("nothing was tested after the upgrade")
        verdict = FAIL if failed else INCONCLUSIVE if reasons else PASS
        return cls(service, tag, verdict, len(said), tuple(reasons))


def standings(store: Store, run: str) -> Iterator[Standing]:
    """One for each service and tag that was tested."""
    tested = sorted(store.outcomes.of(run), key=lambda one: (one.service, one.tag))
    for (service, tag), outcomes in groupby(tested, key=lambda one: (one.service, one.tag)):
        if tag:
            yield Standing.of(service or "all services", tag, outcomes)


@dataclass(frozen=True, slots=True)
class Done:
    """A step of the upgrade: when it began, in seconds since 1970, how long it took, and how it ended.

    ``seconds`` and ``ok`` are None if nobody has said that it ended.
    """

    step: str
    title: str
    service: str
    host: str
    began: float
    seconds: float | None = None
    ok: bool | None = None
    text: str = ""


def steps(events: Iterable[Event]) -> list[Done]:
    """The steps in the order in which they began; one that was done again is there twice."""
    found: list[Done] = []
    for event in events:
        if event.step and event.kind == "begin":
            found.append(Done(event.step, event.text, event.service, event.host, event.at))
        elif event.step and event.kind == "end":
            place = next((n for n, one in reversed(list(enumerate(found))) if one.step == event.step), None)
            if place is not None and found[place].seconds is None:
                one = found[place]
                took = event.at - one.began
                found[place] = Done(
                    one.step, one.title, one.service, one.host, one.began, took, event.ok, event.text
                )  # fmt: skip
    return found


def verdict(found: Iterable[Standing], done: Iterable[Done]) -> str:
    """Of all together: what fails fails all, also a step; nothing at all is inconclusive.

    >>> verdict([Standing("compute", "rolling", "pass", 3)], [])
    'pass'
    >>> verdict([Standing("compute", "rolling", "pass", 3)], [Done("nova", "", "nova", "", 0.0, 1.0, False)])
    'fail'
    """
    last = {one.step: one.ok for one in done}
    judged = [one.verdict for one in found]
    if FAIL in judged or False in last.values():
        return FAIL
    return INCONCLUSIVE if INCONCLUSIVE in judged or not judged else PASS


def _name(test: str) -> str:
    """The name of a test without its folder."""
    return test.rpartition("/")[2]


def _first(reason: str) -> str:
    lines = reason.strip().splitlines()
    return lines[0] if lines else "it does not say why"
