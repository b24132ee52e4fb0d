"""What a test may ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING

import pytest

from pytest_whitebox.core.configuration import Changes
from pytest_whitebox.core.ledger import Ledger
from pytest_whitebox.core.rundirectory import slug
from pytest_whitebox.core.together import together
from pytest_whitebox.session import session_key

if TYPE_CHECKING:
    from pytest_whitebox.cloud import Cloud
    from pytest_whitebox.core.databases import Databases
    from pytest_whitebox.core.hosts import Host, Hosts
    from pytest_whitebox.create import Create
    from pytest_whitebox.server import Server

#: ``restore = hold(service.stopped())``; several contexts are entered, and left, at the same time.
Hold = Callable[..., Callable[[], None]]
#: ``restore = set_config(host, "nova-compute", {("compute", "cpu_dedicated_set"): "0-1"})``; None unsets an option.
#: Several hosts are changed at the same time; of several services that read one file the first names the file.
SetConfig = Callable[["Host | Iterable[Host]", "str | Sequence[str]", Changes], Callable[[], None]]

#: The servers that a test made, for the evidence if it fails.
servers_key = pytest.StashKey[list["Server"]]()
#: How the names begin of what is made for a test, or for a module or session, and removed when that ends.
prefix_key = pytest.StashKey[str]()


@pytest.fixture(scope="session")
def cloud(pytestconfig: pytest.Config) -> Iterator[Cloud]:
    """The cloud under test: `Cloud`, connected as the user that clouds.yaml or OS_* name; skips without one."""
    from pytest_whitebox import reach, record

    with reach.cloud(pytestconfig) as cloud:
        yield cloud
        record.write(cloud, pytestconfig.stash[session_key].run)


@pytest.fixture(scope="session")
def hosts(cloud: Cloud, pytestconfig: pytest.Config) -> Hosts:  # noqa: ARG001 -- it skips without a cloud
    """The hosts of the cloud: ``hosts.computes``, ``hosts["compute1"].run([…])``, ``.service(…)``."""
    from pytest_whitebox import reach

    return reach.hosts(pytestconfig)


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
def create(cloud: Cloud, ledger: Ledger, request: pytest.FixtureRequest) -> Create:
    """Verbs that make things for this test: ``create.server(vcpus=1)``, ``.volume()``, ``.flavor(…)``."""
    from pytest_whitebox import turn

    made = _create(cloud, ledger, request)
    made.place = turn.place(request.config)
    return made


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
    request.node.stash[prefix_key] = prefix
    return create


@pytest.fixture
def alone(cloud: Cloud) -> None:
    """All hosts are this test's alone, for it changes or restarts what the others stand on."""


@pytest.fixture(scope="module")
def module_alone(cloud: Cloud) -> None:
    """The same for all tests of a module."""


@pytest.fixture
def own_host(cloud: Cloud, pytestconfig: pytest.Config) -> Host:
    """A compute host that no other test uses meanwhile, so that it may be changed; this test's servers go there."""
    from pytest_whitebox import turn

    return turn.given(pytestconfig, cloud)


@pytest.fixture(scope="module")
def module_host(cloud: Cloud, pytestconfig: pytest.Config) -> Host:
    """The same for all tests of a module: a fixture of the module may change the host, and all servers go there."""
    from pytest_whitebox import turn

    return turn.given(pytestconfig, cloud)


@pytest.fixture
def any_host(cloud: Cloud, pytestconfig: pytest.Config) -> Host:
    """A compute host for this test, which others may use too; this test's servers go there."""
    from pytest_whitebox import turn

    return turn.given(pytestconfig, cloud)


@pytest.fixture
def hold(cloud: Cloud, ledger: Ledger) -> Hold:  # noqa: ARG001 -- it skips without a cloud
    """Enter a context until the test ends, or the returned function is called: ``hold(service.stopped())``."""

    def enter(*contexts: AbstractContextManager[object]) -> Callable[[], None]:
        stack = ExitStack()
        ledger.add("what the test holds", stack.close)
        stack.enter_context(together(contexts))
        return stack.close

    return enter


@pytest.fixture
def set_config(hold: Hold) -> SetConfig:
    """Change a service's configuration on hosts and restart it; the old bytes come back after the test, or before."""

    def change(where: Host | Iterable[Host], service: str | Sequence[str], options: Changes) -> Callable[[], None]:
        from pytest_whitebox.core.hosts import Host

        first, *also = (service,) if isinstance(service, str) else service
        found: Iterable[Host] = (where,) if isinstance(where, Host) else where
        return hold(*(host.service(first).set_config(options, also=also) for host in found))

    return change


@pytest.fixture
def _requirements(cloud: Cloud, request: pytest.FixtureRequest) -> None:
    """Skip the test, or fail it if the run is strict, unless the cloud has what its markers require."""
    from pytest_whitebox.markers import missing

    lacking = missing(request.node, cloud.facts)
    if lacking and request.config.stash[session_key].strict:
        pytest.fail(f"{'; '.join(lacking)} (a failure by --whitebox-strict)", pytrace=False)
    if lacking:
        pytest.skip("; ".join(lacking))
