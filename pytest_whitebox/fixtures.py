"""What a test may ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from pytest_whitebox.core.inifile import Changes
from pytest_whitebox.core.ledger import Ledger
from pytest_whitebox.core.rundirectory import slug
from pytest_whitebox.session import session_key

if TYPE_CHECKING:
    from pytest_whitebox.cloud import Cloud
    from pytest_whitebox.core.databases import Databases
    from pytest_whitebox.core.host import Host
    from pytest_whitebox.core.hosts import Hosts
    from pytest_whitebox.create import Create
    from pytest_whitebox.server import Server

#: ``restore = set_config(host, "nova-compute", {("compute", "cpu_dedicated_set"): "0-1"})``; None unsets an option.
SetConfig = Callable[["Host", str, Changes], Callable[[], None]]

#: The servers that a test made, for the evidence if it fails.
servers_key = pytest.StashKey[list["Server"]]()


@pytest.fixture(scope="session")
def cloud(pytestconfig: pytest.Config) -> Iterator[Cloud]:
    """The cloud under test: `Cloud`, connected as the user that clouds.yaml or OS_* name; skips without one."""
    from pytest_whitebox import reach, record

    with reach.cloud(pytestconfig) as cloud:
        yield cloud
        record.write(cloud, pytestconfig.stash[session_key].run)


@pytest.fixture(scope="session")
def hosts(cloud: Cloud) -> Hosts:
    """The hosts of the cloud: ``hosts.computes``, ``hosts["compute1"].run([…])``, ``.service(…)``."""
    from pytest_whitebox.reach import recover

    recover(cloud.hosts)
    return cloud.hosts


@pytest.fixture(scope="session")
def database(cloud: Cloud) -> Databases:
    """The databases of the cloud, read only: ``database("cinder")``, ``database.cell_of(server)``."""
    return cloud.databases


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    """What the test changed: ``ledger.add(what, undo)`` before a change; undone in reverse, all errors told."""
    with Ledger() as ledger:
        yield ledger


@pytest.fixture
def create(cloud: Cloud, ledger: Ledger, _turn: None, request: pytest.FixtureRequest) -> Create:
    """Verbs that make things for this test: ``create.server(vcpus=1)``, ``.volume()``, ``.flavor(…)``."""
    return _create(cloud, ledger, request)


@pytest.fixture(scope="module")
def module_create(cloud: Cloud, request: pytest.FixtureRequest) -> Iterator[Create]:
    """The same verbs for a fixture of a module: what it makes is there for all its tests, and removed after them."""
    with Ledger() as ledger:
        yield _create(cloud, ledger, request)


@pytest.fixture(scope="session")
def session_create(cloud: Cloud, request: pytest.FixtureRequest) -> Iterator[Create]:
    """The same verbs for a fixture of the session; each worker of xdist makes its own."""
    with Ledger() as ledger:
        yield _create(cloud, ledger, request)


def _create(cloud: Cloud, ledger: Ledger, request: pytest.FixtureRequest) -> Create:
    from pytest_whitebox.create import Create

    session = request.config.stash[session_key]
    own = slug(request.node.name.rpartition("/")[2].removeprefix("test_").removesuffix(".py"))[:24].strip("-._")
    whose = {"function": own, "module": f"module-{own}"}.get(request.scope, request.scope)
    prefix = "-".join(filter(None, ("sp", session.run.id, session.worker, whose)))
    create = Create(cloud, ledger, prefix, session.image)
    request.node.stash[servers_key] = create.servers
    return create


@pytest.fixture
def alone() -> None:
    """No other test runs beside this one, for it changes or restarts what the others stand on."""


@pytest.fixture
def set_config(ledger: Ledger, alone: None, _turn: None) -> SetConfig:  # noqa: ARG001 -- asking for it is its use
    """Change a service's configuration on a host and restart it; the old bytes come back after the test, or before."""

    def change(host: Host, service: str, options: Changes) -> Callable[[], None]:
        stack = ExitStack()
        ledger.add(f"configuration of {service} on {host.name}", stack.close)
        stack.enter_context(host.service(service).set_config(options))
        return stack.close

    return change


@pytest.fixture
def _turn(request: pytest.FixtureRequest, pytestconfig: pytest.Config) -> Iterator[None]:
    """Under xdist, tests that ask for ``alone`` wait until they are, and the others for them."""
    from pytest_whitebox.turn import turn

    session = pytestconfig.stash[session_key]
    if not session.worker:
        yield
        return
    with turn(session.run.folder() / "turn.lock", alone="alone" in request.fixturenames):
        yield


@pytest.fixture
def _requirements(cloud: Cloud, request: pytest.FixtureRequest) -> None:
    """Skip the test, or fail it if the run is strict, unless the cloud has what its markers require."""
    from pytest_whitebox.markers import required

    missing = [sentence for requires in required(request.node) for sentence in requires.missing(cloud.facts)]
    if missing and request.config.stash[session_key].strict:
        pytest.fail(f"{'; '.join(missing)} (a failure by --whitebox-strict)", pytrace=False)
    if missing:
        pytest.skip("; ".join(missing))
