"""What is known of an upgrade that is not over: what has gone wrong, and what is still to come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pytest_upgrade.phases import watching

if TYPE_CHECKING:
    from pytest_upgrade.phases.session import Session
    from pytest_upgrade.verdicts.thresholds import Thresholds
    from pytest_upgrade.verdicts.verdict import ServiceVerdict

#: What becomes of tests, the worst first, and what of it is bad.
_OUTCOMES = ("error", "failed", "inconclusive", "passed", "skipped")
_BAD = _OUTCOMES[:3]


def told(session: Session, limits: Thresholds) -> Iterator[str]:
    """The outcome of this phase, the verdicts that have failed already, and a line for all that is open."""
    outcomes = session.store.outcomes.of(session.run.id, attempt=session.attempt)
    if parts := [
        part for word in _OUTCOMES if (part := _part(word, [one.service for one in outcomes if one.outcome == word]))
    ]:
        yield f"phase {session.phase}: {', '.join(parts)}"
    found = _verdicts(session, limits)
    failed = [one for one in found if one.word == "fail"]
    yield from (f"verdict: {one}" for one in _once(failed))
    whole = [one.kind for one in session.store.events.of(session.run.id, step="") if one.kind in ("begin", "end")]
    rest = "" if whole and whole[-1] == "end" else "what is left of the upgrade, and "
    count = len(found) - len(failed)
    are_open = f", until which {count} {'verdict is' if count == 1 else 'verdicts are'} open" if count else ""
    yield f"still to come: {rest}the tests after it{are_open}"


def _part(word: str, services: list[str]) -> str:
    """How many tests came to an outcome; of a bad one, of which services they are."""
    about = ", ".join(f"{service or 'no service'} {count}" for service, count in sorted(Counter(services).items()))
    return f"{len(services)} {word}{f' ({about})' if word in _BAD else ''}" if services else ""


def _verdicts(session: Session, limits: Thresholds) -> list[ServiceVerdict]:
    from pytest_upgrade.verdicts.judging import verdicts

    case = watching.case_of(session, limits)
    return verdicts(case) if case is not None else []


def _once(failed: list[ServiceVerdict]) -> Iterator[ServiceVerdict]:
    """A tag fails with those below it, of which the first says all."""
    seen = set[tuple[str, str]]()
    for one in failed:
        if (one.service, one.reason) not in seen:
            seen.add((one.service, one.reason))
            yield one
