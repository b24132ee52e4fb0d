"""Hooks of the processes that run tests: what each test does to the cloud is written down."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import ExitStack
from typing import Any

import pytest

from pytest_cleanup.attribution.chronicle import Chronicle
from pytest_cleanup.attribution.scribe import Scribe
from pytest_cleanup.attribution.tap import tapped
from pytest_whitebox.session import Session


class Watch:
    """Registered in each process that runs tests, for as long as it does."""

    def __init__(self, session: Session, test_id: Callable[[], str]) -> None:
        self._chronicle = Chronicle(session.run.folder(), session.worker)
        self._scribe = Scribe(self._chronicle, session.worker, test_id)
        self._stack = ExitStack()

    def pytest_collection_finish(self) -> None:
        """From now on the libraries are listened to: they are wrapped in no run that has no tests."""
        self._stack.callback(self._chronicle.close)
        self._stack.enter_context(tapped(self._scribe.hear, lambda: self._scribe.test_id()))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """The libraries are as they were."""
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
    def pytest_runtest_teardown(self) -> Generator[None, None, None]:
        """Its fixtures', and those that nobody needs any more."""
        self._scribe.phase = "teardown"
        yield

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, object, object]:
        """What a fixture makes may live as long as it."""
        with self._scribe.setting_up(fixturedef.argname, fixturedef.scope):
            return (yield)
