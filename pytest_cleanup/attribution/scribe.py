"""Writing down what the tests of this process do to the cloud."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from pytest_cleanup.attribution.act import BEGAN, DELETED, ENDED, Act
from pytest_cleanup.attribution.chronicle import Chronicle
from pytest_cleanup.attribution.doors import Doors
from pytest_cleanup.attribution.exchange import Exchange
from pytest_cleanup.attribution.reading import deeds

_GONE, _REFUSED = 404, 400


@dataclass
class Scribe:
    """Knows which test runs now, in which phase, and which fixtures are being set up for it."""

    chronicle: Chronicle
    doors: Doors
    worker: str
    test_id: Callable[[], str]
    nodeid: str = ""
    phase: str = ""
    acts: list[Act] = field(default_factory=list)
    _fixtures: list[tuple[str, str]] = field(default_factory=list)
    _rests: bool = False

    def begin(self, nodeid: str) -> None:
        """A test begins."""
        self.nodeid, self.phase = nodeid, "setup"
        # The id of its requests is another from its setup on.
        self._note(replace(self._act(BEGAN), test_id=""))

    def end(self) -> None:
        """The test that began has ended, with all its teardown."""
        self._note(self._act(ENDED))
        self.nodeid = self.phase = ""

    @contextmanager
    def setting_up(self, fixture: str, scope: str) -> Iterator[None]:
        """What is made meanwhile may live as long as the fixture does."""
        self._fixtures.append((fixture, scope))
        try:
            yield
        finally:
            self._fixtures.pop()

    @contextmanager
    def resting(self) -> Iterator[None]:
        """What is asked meanwhile is ours, not the test's."""
        self._rests = True
        try:
            yield
        finally:
            self._rests = False

    def hear(self, exchange: Exchange) -> None:
        """Write down what a request of the test did."""
        if self._rests:
            return
        for deed in deeds(exchange, self.doors):
            # What another request has deleted before is no failure of this one.
            status = 204 if deed.verb == DELETED and exchange.status == _GONE else exchange.status
            done = replace(self._act(deed.verb), kind=deed.kind, id=deed.id, name=deed.name, status=status)
            said = exchange.said if status >= _REFUSED else ""
            project = deed.project or exchange.project
            self._note(replace(done, project=project, user=exchange.user, said=said, request_id=exchange.request_id))

    def _note(self, act: Act) -> None:
        self.acts.append(act)
        self.chronicle.note(act)

    def _act(self, verb: str) -> Act:
        fixture, scope = self._fixtures[-1] if self._fixtures else ("", "function")
        now = round(time.time(), 3)
        return Act(verb, now, self.nodeid, self.phase, self.worker, fixture, scope, test_id=self.test_id())
