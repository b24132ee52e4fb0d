"""Which tests a phase runs, and what is said of that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from pytest_upgrade import smoke
from pytest_upgrade.configured import settings
from pytest_upgrade.markers import MARKERS, phases_of, waits
from pytest_upgrade.phases import so_far, watching
from pytest_upgrade.phases.phase import Phase
from pytest_upgrade.phases.recording import ended_key, service_of
from pytest_upgrade.phases.session import closed_key
from pytest_upgrade.phases.session import of as session_of
from pytest_upgrade.smoke import SMOKE

if TYPE_CHECKING:
    from pytest_upgrade.phases.session import Session

#: How many tests were collected, and how many of them the phase has.
counted_key = pytest.StashKey[tuple[int, int]]()
#: What any worker of xdist may have to say, in words, by the name under which it is sent.
_SAID = {"ended": ended_key, "busy": watching.busy_key}


def select(config: pytest.Config, items: list[pytest.Item], phase: Phase) -> None:
    """Leave the tests of a phase and deselect all others; during an upgrade those that judge its end come last."""
    more, looks = _smoke(config, items), _only_looks(config, phase)
    chosen, others = list[pytest.Item](), list[pytest.Item]()
    for item in items:
        wanted = item.nodeid in more or (phase in phases_of(item) and not (looks and waits(item)))
        (chosen if wanted else others).append(item)
    watching.note(config, items)
    config.stash[counted_key] = len(items), len(chosen)
    if phase is Phase.DURING:
        chosen.sort(key=waits)
    if others:
        config.hook.pytest_deselected(items=others)
    items[:] = chosen


def _only_looks(config: pytest.Config, phase: Phase) -> bool:
    """True if nobody waits for the end of the upgrade here."""
    return phase is Phase.DURING and settings.LOOK.read(config)[0]


def _smoke(config: pytest.Config, items: list[pytest.Item]) -> frozenset[str]:
    """Of the tests that are not about upgrades those marked smoke, as far as there is time for them."""
    tests = {item.nodeid: service_of(item) for item in items if item.get_closest_marker(SMOKE) and not phases_of(item)}
    return smoke.chosen(session_of(config), tests, settings.SMOKE.read(config)[0])


def told(config: pytest.Config, session: Session) -> Iterator[str]:
    """Why a phase had no test, what has ended it, and where more is known."""
    collected, chosen = config.stash.get(counted_key, (0, 1))
    if not chosen and _only_looks(config, session.phase):
        yield f"none of the {collected} chosen tests looks at what is now"
    elif not chosen:
        names = ", ".join(MARKERS)
        yield f"phase {session.phase} has none of the {collected} chosen tests: mark those it is for ({names})"
    if busy := config.stash.get(watching.busy_key, ""):
        yield f"observer: {busy}"
    if ended := config.stash.get(ended_key, ""):
        yield f"phase during: {ended}"
    if closed := config.stash.get(closed_key, ""):
        yield f"run {session.run.id}: {closed}"
    limits, _ = settings.LIMITS.read(config)
    during = session.phase is Phase.DURING
    yield from so_far.told(session, limits) if during else watching.verdicts(session, limits)
    yield f"run {session.run.id}: `pytest-upgrade show {session.run.id}` tells what is known of it"


def for_controller(config: pytest.Config) -> tuple[tuple[int, int], dict[str, str]]:
    """What a worker of xdist tells its controller, who has collected, observed and waited for nothing."""
    said = {name: text for name, key in _SAID.items() if (text := config.stash.get(key, ""))}
    return config.stash.get(counted_key, (0, 1)), said


def from_worker(config: pytest.Config, told: tuple[tuple[int, int], dict[str, str]]) -> None:
    """Take what a worker has told; all have collected the same."""
    counted, said = told
    config.stash[counted_key] = (counted[0], counted[1])
    for name, text in said.items():
        config.stash[_SAID[name]] = text
