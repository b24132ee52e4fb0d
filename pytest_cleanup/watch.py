"""Hooks of the processes that run tests: what a test does to the cloud is written down, what it leaves is told."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from pytest_cleanup import results
from pytest_cleanup.attribution.act import DELETED
from pytest_cleanup.attribution.attribution import Attribution
from pytest_cleanup.attribution.chronicle import Chronicle
from pytest_cleanup.attribution.doors import Doors
from pytest_cleanup.attribution.scribe import Scribe
from pytest_cleanup.attribution.tap import tapped
from pytest_cleanup.debts import Debts
from pytest_cleanup.diagnosis import Diagnoses
from pytest_cleanup.kinds import kinds
from pytest_cleanup.leak import Leak
from pytest_cleanup.leftovers import left
from pytest_cleanup.resource import Key
from pytest_cleanup.settings import OFF
from pytest_cleanup.wanted import Wanted
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.session import Session

if TYPE_CHECKING:
    from pytest_cleanup.view import View


class Watch:
    """Registered in each process that runs tests, for as long as it does."""

    def __init__(self, wanted: Wanted, session: Session, test_id: Callable[[], str]) -> None:
        self._wanted, self._session = wanted, session
        self._chronicle = Chronicle(session.run.folder(), session.worker)
        self._scribe = Scribe(self._chronicle, Doors(kinds().values()), session.worker, test_id)
        self._debts = Debts()
        self._stack = ExitStack()
        self._view: View | None = None
        self._told = 0

    def pytest_collection_finish(self) -> None:
        """From now on the libraries are listened to: they are wrapped in no run that has no tests."""
        self._stack.callback(self._chronicle.close)
        self._stack.enter_context(tapped(self._scribe.hear, lambda: self._scribe.test_id()))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """The libraries are as they were."""
        with self._scribe.resting():
            self._stack.close()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """A test begins and ends, with all that belongs to it."""
        self._scribe.begin(item.nodeid)
        try:
            return (yield)
        finally:
            self._scribe.end()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self) -> Generator[None, None, None]:
        """Its own code."""
        self._scribe.phase = "call"
        yield

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, None, None]:
        """Its fixtures', and those that nobody needs any more; what is left after them is told."""
        self._scribe.phase = "teardown"
        try:
            yield
        finally:
            if self._wanted.leaks != OFF:
                results.tell(item, self._leaks(item, nextitem), fail=self._wanted.leaks == "fail")

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, object, object]:
        """What a fixture makes may live as long as it."""
        with self._scribe.setting_up(fixturedef.argname, fixturedef.scope):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """What a test left goes with its report."""
        made = yield
        results.attach(item, made)
        return made

    def _leaks(self, item: pytest.Item, nextitem: pytest.Item | None) -> list[Leak]:
        """What should be gone and is not; that it could not be looked for is a warning."""
        acts, self._told = self._scribe.acts[self._told :], len(self._scribe.acts)
        for act in acts:
            self._debts.note(act, item)
        due = {Key(act.kind, act.id): act for act in self._debts.due(nextitem)}
        asked = {Key(act.kind, act.id) for act in self._scribe.acts if act.verb == DELETED and not act.said}
        try:
            with self._scribe.resting():
                found = list(left(self._connected(), kinds(), due.values(), asked)) if due else []
        except StackproofError as error:
            warnings.warn(results.LeakWarning(f"leaks could not be looked for: {error.sentence}"), stacklevel=2)
            return []
        diagnoses = Diagnoses(self._scribe.acts, running=item.nodeid)
        return [diagnoses.leak(resource, Attribution.of(due[resource.key])) for resource in found]

    def _connected(self) -> View:
        from pytest_cleanup.connecting import connect

        if self._view is None:
            choice = self._session.choice
            self._view = connect(choice.name, file=choice.file) if choice else connect(None)
            self._stack.callback(self._view.close)
        return self._view
