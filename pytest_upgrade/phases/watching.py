"""The observer of a phase: begun before the first test if one will ask for its timeline, ended after post."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_upgrade.markers import watched_by
from pytest_upgrade.phases.phase import Phase
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.session import session_key as whitebox_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_upgrade.phases.session import Session
    from pytest_upgrade.verdicts.judging import Case
    from pytest_upgrade.verdicts.thresholds import Thresholds

#: Why nobody observes, in words.
problem_key = pytest.StashKey[str]()
#: What makes the machine a bad one to observe from, in words.
busy_key = pytest.StashKey[str]()
#: Whether a test, also one of another phase, asks for a timeline.
wanted_key = pytest.StashKey[bool]()


def note(config: pytest.Config, items: Iterable[pytest.Item]) -> None:
    """Remember whether any test wants a timeline; a baseline is observed for those of later phases, too."""
    config.stash[wanted_key] = any(
        "timeline" in getattr(item, "fixturenames", ()) for item in items if watched_by(item)
    )


def begin(config: pytest.Config, session: Session) -> None:
    """Have an observer if a timeline is wanted; what keeps us from it is told by the tests that need one."""
    if not config.stash.get(wanted_key, False) or session.phase is Phase.POST:
        return
    try:
        _begin(config, session)
    except StackproofError as error:
        config.stash[problem_key] = error.sentence


def end(session: Session) -> None:
    """After post there is nothing left to observe; a store that others share has what was seen until then."""
    from pytest_upgrade.observers import outside
    from pytest_upgrade.verdicts import copies

    if session.is_worker:
        return
    if session.phase is Phase.POST:
        outside.stop(session.directory.path)
    if session.places.is_shared:
        copies.give(session.store, session.run, session.directory.path)


def verdicts(session: Session, limits: Thresholds) -> Iterator[str]:
    """The verdicts of the run so far, one line each; none where nothing was observed."""
    if (case := case_of(session, limits)) is not None:
        from pytest_upgrade.verdicts.judging import verdicts as judged

        yield from (f"verdict: {one}" for one in judged(case))


def section(session: Session, limits: Thresholds) -> str:
    """The same for the report, with the timeline."""
    if session.phase is Phase.PRE:
        return ""
    from pytest_upgrade.verdicts import page

    return page.of_run(session.store, session.run, session.directory.path, limits)


def case_of(session: Session, limits: Thresholds) -> Case | None:
    """What is judged of the run so far; None before the upgrade, and where nothing was observed."""
    from pytest_upgrade.verdicts import copies
    from pytest_upgrade.verdicts.judging import Case
    from pytest_upgrade.verdicts.samples import Samples

    folder = session.directory.path
    if session.phase is Phase.PRE:
        return None
    if session.places.is_shared and not session.is_worker:
        copies.take(session.store, session.run, session.directory)
    if not Samples.are_in(folder):
        return None
    return Case.of(session.store, session.run, Samples(folder), limits)


def _begin(config: pytest.Config, session: Session) -> None:
    from pytest_upgrade.observers import discovery, load, outside
    from pytest_upgrade.persistent import Place
    from pytest_upgrade.persistent.kinds import canaries
    from pytest_upgrade.store.secrets import locked
    from pytest_whitebox.cloud import Cloud

    choice = config.stash[whitebox_key].choice
    with locked(session.directory, "observer"):
        if choice is None or outside.alive(session.directory.path):
            return
        with Cloud.connect(choice) as cloud:
            place = Place(cloud.connection, session.run, session.store, session.directory, str(session.phase))
            place.check_cloud()
            canaries.keep(place)
            folder, prefix = session.directory.folder(), session.run.prefix
            found = discovery.discover(place.connection, folder, longest=discovery.A_DAY, prefix=prefix)
        config.stash[busy_key] = load.warning()
        outside.start(found)
