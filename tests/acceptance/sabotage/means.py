"""How what a test looks at is broken while it runs, and mended when it is over."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from typing import Any

import pytest
from openstack.compute.v2._proxy import Proxy as Compute
from sqlalchemy import create_engine, text

from pytest_whitebox import images
from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.cpuset import parse_cpus
from pytest_whitebox.core.databases.database import Database
from pytest_whitebox.core.databases.databases import Databases
from pytest_whitebox.core.databases.ovsdb import Ovn
from pytest_whitebox.core.hosts import Host, Hosts
from pytest_whitebox.core.services import edit
from pytest_whitebox.core.services.service import Service
from pytest_whitebox.server import Server

Act = Callable[..., object]
When = Callable[..., bool]


class Means:
    """What one break is made with; ``name`` is the test's, ``test`` its module, whose own functions may be interrupted.

    ``happened`` tells whether anything was broken at all: a test that fails before that has not been shown to see it.
    """

    def __init__(self, request: pytest.FixtureRequest, patch: pytest.MonkeyPatch, stack: ExitStack) -> None:
        self._request, self._patch, self._stack = request, patch, stack
        self.test: Any = request.module
        self.name: str = request.function.__name__
        self.happened = False

    @property
    def cloud(self) -> Cloud:
        """The cloud under test."""
        return self._request.getfixturevalue("cloud")  # type: ignore[no-any-return]

    @property
    def hosts(self) -> Hosts:
        """Its hosts."""
        return self.cloud.hosts

    @property
    def databases(self) -> Databases:
        """Its databases."""
        return self.cloud.databases

    def fixture(self, name: str) -> Any:
        """What the test got for a fixture."""
        return self._request.getfixturevalue(name)

    def undo(self, act: Act, *arguments: object) -> None:
        """Do this when the test is over, whatever became of it."""
        self._stack.callback(act, *arguments)

    def before(self, owner: object, name: str, act: Act, *, nth: int = 1, when: When = lambda *_a, **_k: True) -> None:
        """Do ``act``, with the same arguments, just before the nth use of a function or property of ``owner``."""
        uses, original = 0, inspect.getattr_static(owner, name, None)
        # What a host has from testinfra is not in its class.
        function: Act = getattr(original, "fget", original) or (lambda it, *a, **k: it.__getattr__(name)(*a, **k))

        def broken(*arguments: Any, **options: Any) -> Any:
            nonlocal uses
            uses += bool(when(*arguments, **options))
            if uses == nth:
                uses += 1  # a look of what breaks it is none of the test's
                self.happened = True
                act(*arguments, **options)
            return function(*arguments, **options)

        self._patch.setattr(owner, name, property(broken) if isinstance(original, property) else broken, raising=False)

    def instead(self, owner: object, name: str, act: Act) -> None:
        """Let a function of ``owner`` do something else, or nothing."""

        def broken(*arguments: Any, **options: Any) -> Any:
            self.happened = True
            return act(*arguments, **options)

        self._patch.setattr(owner, name, broken)

    def mishear(self, *, nth: int | None = None, **heard: str | None) -> None:
        """Let the cloud be asked for other extra specs and image properties; None: it is not asked for this at all.

        ``nth`` says which request that has one of them is misheard; by default all are. ``:`` is written ``__``.
        """
        wrong, requests = {name.replace("__", ":"): value for name, value in heard.items()}, 0
        specs, upload = Compute.create_flavor_extra_specs, images.upload

        def misheard(asked: Mapping[str, Any]) -> dict[str, Any]:
            nonlocal requests
            if not asked.keys() & wrong.keys():
                return dict(asked)
            requests += 1
            if nth not in (None, requests):
                return dict(asked)
            self.happened = True
            told = {name: wrong.get(name, value) for name, value in asked.items()}
            return {name: value for name, value in told.items() if value is not None}

        def create_specs(proxy: Any, flavor: Any, extra_specs: Mapping[str, Any]) -> Any:
            return specs(proxy, flavor, told) if (told := misheard(extra_specs)) else flavor

        self._patch.setattr(Compute, "create_flavor_extra_specs", create_specs)
        self._patch.setattr(
            images, "upload", lambda cloud, data, name, properties: upload(cloud, data, name, misheard(properties))
        )

    def without_restarts(self) -> None:
        """Let services go on with the configuration that they have, whatever is written into their files."""
        self.instead(edit, "restart", lambda _service: None)
        self.instead(Service, "come_up", lambda _service, *, anew: None)

    def sql(self, database: Database, statement: str, **values: object) -> None:
        """Change a database as its own service might."""
        engine = create_engine(database.url, hide_parameters=True)
        try:
            with engine.begin() as connection:
                connection.execute(text(statement), values)
        finally:
            engine.dispose()

    def before_rows(self, table: str, statement: str, back: str = "", *, nth: int = 1, **values: object) -> None:
        """Change rows just before the test reads a table, by the parameters of its own query; undone by ``back``."""

        def act(place: Database, _query: str, **asked: object) -> None:
            self.sql(place, statement, **asked, **values)
            if back:
                self.undo(lambda: self.sql(place, back, **asked, **values))

        self.before(Database, "rows", act, nth=nth, when=lambda _place, query, **_v: table in query)

    def northbound(self, *words: str) -> None:
        """Run ovn-nbctl where the test has OVN's northern database."""
        ovn: Ovn = Ovn.discover(self.hosts)
        ovn.north.host.run([*ovn.north.command, *words])


def other_cpu(server: Server, bound: Collection[int]) -> str:
    """A CPU of its host that is none of these; one of several if they are all."""
    online = parse_cpus(server.host.file("/sys/devices/system/cpu/online").content_string)
    return str(min(online - set(bound) or online))


def pin_elsewhere(server: Server, *, vcpu: int = 0, how: str = "--live") -> None:
    """Bind a vCPU to a CPU that Nova did not choose."""
    domain = server.host.domain(server.id)
    bound = domain.vcpu_pins.get(vcpu) or domain.cpuset or frozenset()
    server.host.virsh("vcpupin", server.id, str(vcpu), other_cpu(server, bound), how)


def append(host: Host, path: str) -> None:
    """A file with one byte in it."""
    host.run(["sh", "-c", 'printf x >> "$1"', "sh", path])
