"""The hooks of Tempest's part; they are there only in a run that asks for its tests."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import pytest

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.session import Session
from pytest_whitebox.tempest import (
    arguments,
    collection,
    conf,
    hiding,
    identity,
    making,
    results,
    settings,
    tally,
    workers,
)
from pytest_whitebox.tempest.destination import Destination
from pytest_whitebox.tempest.installed import Installed
from pytest_whitebox.tempest.making import Made
from pytest_whitebox.tempest.needs import Credentials
from pytest_whitebox.tempest.nodes import TempestItem
from pytest_whitebox.tempest.selection import Selection

_CONF = "tempest_conf"
_optional = pytest.hookimpl(optionalhook=True)
NAME = "pytest_whitebox.tempest"


def begin(config: pytest.Config, session: Session) -> None:
    """Register the hooks if the run asks for tests of Tempest; raises `pytest.UsageError` if it cannot have them."""
    try:
        selection = Selection.from_settings(config, config.invocation_params.dir)
        if selection is None:
            return
        installed = Installed.find()
        arguments.check(config)
        to = Destination.from_settings(config, config.invocation_params.dir)
        selection = arguments.taken_over(config, selection, installed.packages)
        made, own = None, _conf(config)
        credentials, named = settings.CREDENTIALS.read(config)
        if own is not None and credentials and not workers.is_one(config):
            hint = f"leave out {named}, or the tempest.conf"
            raise StackproofError(f"{own.path} is your own, and says itself which credentials there are", hint=hint)
        if own is None and not config.option.collectonly:
            made = making.make(session, credentials)
        tempest = Tempest(config, session, installed, selection, made.conf if made else own, made)
        if own and session.named and not workers.is_one(config):
            tempest.differences = making.differences(session, own)
    except StackproofError as error:
        raise pytest.UsageError(error.sentence) from None
    from pytest_whitebox.tempest import fixtures

    config.pluginmanager.register(tempest, NAME)
    config.pluginmanager.register(fixtures, f"{NAME}.fixtures")
    if not workers.is_one(config) and not config.option.collectonly:
        folder, packages = session.run.folder(), installed.packages
        written = results.Results(config, folder / results.FILE, packages)
        config.pluginmanager.register(written, f"{NAME}.results")
        if selection.interop and tempest.conf:
            known = partial(identity.cpid, made, tempest.conf, session.run.base)
            told = tally.Tally(selection.interop, folder, known, to, packages)
            config.pluginmanager.register(told, tally.NAME)
    # What Tempest warns itself about is nothing that its users could mend.
    config.addinivalue_line("filterwarnings", "ignore::DeprecationWarning:tempest")
    config.add_cleanup(hiding.records(installed.packages))


class Tempest:
    """A run with tests of Tempest."""

    filled = False
    differences: Sequence[str] = ()
    failures: ExceptionGroup[Exception] | None = None

    def __init__(
        self, config: pytest.Config, session: Session, installed: Installed, selection: Selection,
        conf: conf.Conf | None, made: Made | None = None,
    ) -> None:  # fmt: skip
        self.config, self.session = config, session
        self.installed, self.selection, self.conf, self.made = installed, selection, conf, made
        self._hiding = hiding.Hiding(conf.path if conf else None)

    @cached_property
    def found(self) -> collection.Found:
        """All tests there are."""
        return collection.find(self.config, self.installed, self.conf, self.load)

    def load(self) -> None:
        """Have Tempest read its configuration."""
        conf.load(self.conf, self.session.run.path / "locks")
        self.config.add_cleanup(self._hiding.follow())

    def pytest_report_header(self) -> list[str]:
        """Which Tempest, by which tempest.conf, and where the chosen cloud says something else than your own."""
        by = f"by {self.conf.path} ({self.conf.source})" if self.conf else "without a tempest.conf"
        plugins = ", ".join(one.name for one in self.installed.plugins)
        first = f"tempest: {self.installed.version}{f' with {plugins}' if plugins else ''}, {by}"
        return [first, *(f"tempest: {one}" for one in self.differences)]

    @_optional
    def pytest_configure_node(self, node: Any) -> None:
        """Workers have the same tempest.conf; the index is made, if it must be, before there are any."""
        self._fill(self.found.asked(self.selection), workers.number(self.config))
        if self.conf is not None:
            node.workerinput[_CONF] = (str(self.conf.path), self.conf.source)

    @_optional
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """Workers get whole classes unless the user said what they get."""
        return workers.scheduler(config, log, self.installed.packages)

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Beside what else is collected there are Tempest's tests."""
        report = yield
        if isinstance(collector, pytest.Session):
            report.result.extend(collection.nodes(collector, self.found, self.selection))
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """From now on Tempest's modules are imported."""
        asked = collection.asked(getattr(session, "items", ()), self.found)
        if asked and not self.config.option.collectonly:
            self._fill(asked, 1)
            self.load()

    def _fill(self, asked: list[Credentials], number: int) -> None:
        """Once, before the first test: the accounts of a pool, or a look whether there are enough."""
        if self.conf is None or self.filled or workers.is_one(self.config):
            return
        self.filled = True
        try:
            if self.made:
                self.made.fill(asked, number)
            conf.check_accounts(self.conf, asked, number)
        except StackproofError as error:
            raise pytest.UsageError(error.sentence) from None

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """No worker runs any more: what was made for Tempest is removed."""
        self.failures = self.made.undo() if self.made else None
        if self.failures:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """What could not be removed is told, each with its reason."""
        for failure in self.failures.exceptions if self.failures else ():
            terminalreporter.write_line(f"tempest: {'; '.join([str(failure), *failure.__notes__])}", red=True)

    # Around all others, so that whatever they add is without secrets, too.
    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """A test that is skipped is told by its own place, or by its class's if that is the reason; no secret is."""
        report = yield
        if isinstance(item, TempestItem):
            if isinstance(report.longrepr, tuple):
                report.longrepr = (item.test.file, item.place(report.when), report.longrepr[2])
            self._hiding.strike(report)
        return report


def _conf(config: pytest.Config) -> conf.Conf | None:
    """The tempest.conf: a worker of xdist has the one that its controller found or made."""
    known = getattr(config, "workerinput", {}).get(_CONF)
    if known is not None:
        return conf.Conf(Path(known[0]), known[1])
    return conf.find(config, config.invocation_params.dir, os.environ)
