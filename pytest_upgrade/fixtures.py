"""The public fixtures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_whitebox.core.errors import StackproofError

if TYPE_CHECKING:
    from pytest_upgrade.evidence import Health, Releases, Windows
    from pytest_upgrade.persistent import Persistent, Place
    from pytest_upgrade.phases.session import Session
    from pytest_upgrade.phases.timeline import Timeline
    from pytest_upgrade.store.baseline import Baselines
    from pytest_whitebox.cloud import Cloud

_NO_PROBE = 'mark the test: @pytest.mark.zero_downtime(probe="GET compute /servers"), or (service="compute")'
_NO_PHASE = "it is for the phases of an upgrade: run it with --phase=pre before one, and with --phase=post after it"


@pytest.fixture(scope="session")
def place(upgrade: Session, cloud: Cloud, pytestconfig: pytest.Config) -> Place:
    """Where the things of the run are kept: ``place.connection`` is its user, who is no administrator."""
    from pytest_upgrade.persistent import Place
    from pytest_whitebox.session import session_key as whitebox_key

    image = pytestconfig.stash[whitebox_key].image
    made = Place(cloud.connection, upgrade.run, upgrade.store, upgrade.directory, str(upgrade.phase), image)
    made.check_cloud()
    return made


@pytest.fixture(scope="session")
def upgrade(pytestconfig: pytest.Config) -> Session:
    """The phase that runs, its run and its store; skips without --phase."""
    from pytest_upgrade.phases import session as sessions

    session = sessions.of(pytestconfig)
    if session is None:
        pytest.skip(_NO_PHASE)
    return session


@pytest.fixture
def persistent(place: Place) -> Persistent:
    """What outlives the upgrade: ``persistent.server("web")`` makes it in pre and finds it later."""
    from pytest_upgrade.persistent import Persistent

    return Persistent(place)


@pytest.fixture
def baseline(upgrade: Session, request: pytest.FixtureRequest) -> Baselines:
    """Values of before the upgrade, by their names: what a test compares with one in pre is kept as it."""
    from pytest_upgrade.store.baseline import Baselines

    mark = request.node.get_closest_marker("idempotent_id")
    _, bracket, parameters = request.node.name.partition("[")
    test = f"{mark.args[0]}{bracket}{parameters}" if mark else request.node.nodeid
    return Baselines(upgrade.store, upgrade.run.id, str(upgrade.phase), test)


@pytest.fixture
def timeline(upgrade: Session, request: pytest.FixtureRequest) -> Timeline:
    """What the observer saw of the test's services and probes: ``timeline.outages``, ``timeline.slowness``."""
    from pytest_upgrade.configured import settings
    from pytest_upgrade.markers import watched_by
    from pytest_upgrade.persistent.errors import Inconclusive
    from pytest_upgrade.phases import watching
    from pytest_upgrade.phases.timeline import Timeline

    if problem := request.config.stash.get(watching.problem_key, ""):
        raise Inconclusive(f"nobody observes: {problem}", hint="begin with `pytest-upgrade observe start`")
    limits, _ = settings.LIMITS.read(request.config)
    watched = watched_by(request.node)
    if not watched:
        raise StackproofError("a timeline needs a probe", hint=_NO_PROBE)
    return Timeline.of(upgrade, watched, limits)


@pytest.fixture(scope="session")
def release(upgrade: Session, cloud: Cloud) -> Releases:
    """The release that a service of a type has now, which has to be that of --upgrade-from or --upgrade-to."""
    from pytest_upgrade.evidence import Releases

    return Releases.look(cloud, upgrade.store, upgrade.run.id, str(upgrade.phase), upgrade.expected)


@pytest.fixture(scope="session")
def window(upgrade: Session) -> Windows:
    """The moment, during the upgrade, at which a service of a type was at two releases at once."""
    from pytest_upgrade.evidence import Windows

    return Windows.of(upgrade.store, upgrade.run.id)


@pytest.fixture(scope="session")
def health(upgrade: Session, cloud: Cloud) -> Health:
    """The signs of a service of a type that is not well now; none if all is well."""
    from pytest_upgrade.evidence import Health

    return Health.look(cloud, upgrade.store, upgrade.run.id, str(upgrade.phase))
