"""Hooks of the first process of a run, which owns the state of the cloud: before the first test, and after the last."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any

import pytest

from pytest_cleanup import page, results, summary
from pytest_cleanup.aftermath import Aftermath
from pytest_cleanup.attribution import chronicle
from pytest_cleanup.attribution.of_run import SNAPSHOT
from pytest_cleanup.beneath import Beneath
from pytest_cleanup.fixups import named as fixups_named
from pytest_cleanup.keep import named
from pytest_cleanup.kinds import kinds
from pytest_cleanup.look import look
from pytest_cleanup.refusal import Refused, check
from pytest_cleanup.resource import Resource
from pytest_cleanup.snapshot import Identity, Snapshot
from pytest_cleanup.wanted import Wanted
from pytest_cleanup.workers import end_workers
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.session import Session

if TYPE_CHECKING:
    from pytest_cleanup.view import View
    from pytest_whitebox.cloud import Cloud

_optional = pytest.hookimpl(optionalhook=True)


class Owner:
    """One for each run: workers of xdist have none."""

    def __init__(self, config: pytest.Config, wanted: Wanted, session: Session) -> None:
        self._config, self._wanted, self._session = config, wanted, session
        self._file = session.run.path / "leaks.json"
        self._before: Snapshot | None = None
        self._beneath = Beneath()
        self._told: Aftermath | None = None
        self._of_tests: list[dict[str, Any]] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Before any worker starts: what the cloud has now, or the snapshot that it is to return to."""
        if not self._wanted.looks:
            return
        try:
            # Warnings of libraries are for those who write tests, and no test runs yet.
            with warnings.catch_warnings(action="ignore"):
                fixups_named(*self._wanted.fixups)
                self._before = self._snapshot()
                with self._cloud() as cloud:
                    self._beneath = Beneath.of(cloud)
        except StackproofError as error:
            raise pytest.UsageError(error.sentence) from None

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """After the last worker has ended: before JUnit's file and the report are written."""
        end_workers(self._config)
        if self._before is not None:
            self._told = self._judge(self._before)
            self._keep(self._told)
            if self._told.exit_code and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
                session.exitstatus = self._told.exit_code

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """What tests were found to have left as soon as they ended."""
        self._of_tests += getattr(report, results.ATTRIBUTE, [])

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """What the run left, at its end."""
        if self._told is not None:
            terminalreporter.section("left in the cloud")
            for line in summary.lines(self._told, self._file):
                terminalreporter.write_line(line)

    @_optional
    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        """The same in the report."""
        shown = page.section(self._told) if self._told is not None else page.of_tests(self._of_tests)
        if shown:
            prefix.append(f"<style>{page.STYLE}</style>{shown}")

    def _snapshot(self) -> Snapshot:
        given = Snapshot.read(self._wanted.snapshot) if self._wanted.snapshot else None
        with self._connected() as view:
            if given is not None:
                check(given, Identity.of(view), given.look)
                return given
            found = look(view, kinds().values())
            if not found.listed:
                why = next(iter(found.failed.values()), "it has no service that is known")
                hint = "use the credentials of an administrator"
                raise Refused(f"nothing of the cloud can be listed: {why}", hint=hint)
            clouds = self._session.choice.file if self._session.choice else None
            taken = Snapshot(Identity.of(view), found, named(clouds=clouds))
        taken.write(self._session.run.folder() / SNAPSHOT)
        return taken

    def _judge(self, before: Snapshot) -> Aftermath:
        from pytest_cleanup.judging import Judging

        run, acts = self._session.run, chronicle.read(self._session.run.path)
        try:
            with self._connected() as view, self._cloud() as cloud:
                keepers = [self._kept_by_hooks]
                told = Judging(view, before, self._wanted, run, acts, cloud, keepers, self._say()).judge()
                return told.beside(self._beneath.since(cloud), acts)
        except StackproofError as error:
            return Aftermath(self._wanted.mode, problem=error.sentence)

    def _connected(self) -> View:
        """A view of the cloud, which leaves nothing of its own there when it is closed."""
        from pytest_cleanup.connecting import connect

        choice = self._session.choice
        return connect(choice.name, file=choice.file) if choice else connect(None)

    def _kept_by_hooks(self, resource: Resource) -> str | None:
        why: str | None = self._config.hook.pytest_cleanup_keep(config=self._config, resource=resource)
        return why

    @contextmanager
    def _cloud(self) -> Iterator[Cloud | None]:
        """The way behind the APIs; without it there is less evidence."""
        from pytest_whitebox.cloud import Cloud

        choice, cloud = self._session.choice, None
        with suppress(StackproofError):
            cloud = Cloud.connect(choice, self._session.ssh_config, self._session.inventory) if choice else None
        with cloud or nullcontext():
            yield cloud

    def _say(self) -> Callable[[str], None]:
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")

        def say(line: str) -> None:
            if reporter is not None:
                # The dots of the tests are on a line that has not ended.
                reporter.write(f"\n{line}\n")

        return say

    def _keep(self, told: Aftermath) -> None:
        """The file for programs, and the properties of the run in JUnit's."""
        self._session.run.folder()
        self._file.touch(mode=0o600)
        self._file.write_text(json.dumps(told.as_json(), indent=1, default=str) + "\n")
        for plugin in self._config.pluginmanager.get_plugins():
            if hasattr(plugin, "add_global_property"):  # the plugin that writes JUnit's file
                plugin.add_global_property("cleanup", told.verdict)
                for leak in told.leaks:
                    plugin.add_global_property("leak", f"{leak.sentence}; made by {leak.attribution or 'nobody known'}")
