"""Tests marked smoke beside those of an upgrade, the suites' and Tempest's: the cloud does what it did before."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from pytest_upgrade.phases.phase import Phase

if TYPE_CHECKING:
    from pytest_upgrade.phases.session import Session
    from pytest_upgrade.store.values import Outcome

#: The marker, and what outcomes of such tests have in the place of a tag.
SMOKE = "smoke"
#: Seconds that a test is taken for of which nobody knows how long it takes.
_UNKNOWN = 15.0


def chosen(session: Session | None, tests: Mapping[str, str], budget: float) -> frozenset[str]:
    """Those of some tests, each with its service, that run: what pre has run, or as many as take ``budget`` seconds.

    How long a test takes is what it took in the last run of the same cloud.
    """
    if not budget:
        return frozenset()
    own, before = _own(session), _before(session)
    in_pre = {one.test for one in own if one.phase == Phase.PRE}
    return frozenset(in_pre & tests.keys()) or pick(tests, budget, _took([*before, *own]))


def pick(tests: Mapping[str, str], budget: float, took: Mapping[str, float]) -> frozenset[str]:
    """As many tests as take no longer than ``budget``, one of each service in turn, in the order of the tests.

    >>> sorted(pick({"a": "image", "b": "image", "c": "compute"}, 30, {}))
    ['a', 'c']
    >>> sorted(pick({"a": "image", "b": "image", "c": "compute"}, 30, {"c": 20}))
    ['a', 'b']
    """
    waiting: dict[str, deque[str]] = {}
    for test, service in tests.items():
        waiting.setdefault(service, deque()).append(test)
    found, left = set[str](), budget
    while any(waiting.values()):
        for queue in waiting.values():
            if queue and (seconds := took.get(test := queue.popleft(), _UNKNOWN)) <= left:
                found.add(test)
                left -= seconds
    return frozenset(found)


def _own(session: Session | None) -> Sequence[Outcome]:
    return session.store.outcomes.of(session.run.id, tag=SMOKE) if session else ()


def _before(session: Session | None) -> Sequence[Outcome]:
    if session is None:
        return ()
    runs = session.store.runs(host=session.run.host, region=session.run.region)
    others = [run.id for run in runs if run.id != session.run.id]
    return session.store.outcomes.of(others[-1], tag=SMOKE) if others else ()


def _took(outcomes: Iterable[Outcome]) -> Mapping[str, float]:
    return {one.test: one.seconds for one in outcomes if one.outcome != "skipped"}
