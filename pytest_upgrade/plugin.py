"""The pytest plugin: hooks and options only, so that it costs nothing where it is not used."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from pytest_upgrade.configured.settings import SETTINGS

if TYPE_CHECKING:
    from pytest_upgrade.phases.phase import Phase
    from pytest_upgrade.phases.session import Session

pytest_plugins = ["pytest_upgrade.fixtures"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """One group of options, each with its variable and ini key."""
    group = parser.getgroup("upgrade", "OpenStack upgrades")
    for setting in SETTINGS:
        setting.register(group, parser)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers; with --phase choose its tests, open its run, and write down what becomes of it."""
    from pytest_upgrade import markers
    from pytest_upgrade.phases import session

    markers.declare(config)
    if phase := session.phase_of(config):
        config.pluginmanager.register(Selecting(phase), "upgrade-selecting")
        if opened := session.begin(config, phase):
            config.pluginmanager.register(Recording(config, opened), "upgrade-recording")


@pytest.hookimpl(wrapper=True)
def pytest_pycollect_makeitem() -> Generator[None, object, object]:
    """Check our markers where a mistake can be told in one sentence."""
    from pytest_upgrade.markers import check

    collected = yield
    check(collected)
    return collected


class Selecting:
    """The tests of a phase and no others."""

    def __init__(self, phase: Phase) -> None:
        self._phase = phase

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """After -k and -m have chosen."""
        from pytest_upgrade.phases import selection

        selection.select(config, items, self._phase)


class Recording:
    """A phase under way; workers of xdist leave what became of tests to their controller."""

    def __init__(self, config: pytest.Config, session: Session) -> None:
        self._config, self._session = config, session

    def pytest_report_header(self) -> Iterator[str]:
        """The phase, its run, and how it will end."""
        return self._session.header()

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Workers of xdist belong to the same run."""
        node.workerinput["upgrade"] = self._session.for_worker()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """An observer is at work before the first test."""
        from pytest_upgrade.phases import watching

        watching.begin(session.config, self._session)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """During an upgrade a test that judges its end waits for it."""
        from pytest_upgrade.phases import recording

        recording.tell(item)
        recording.wait_for_end(item, self._session)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """What could be tested before the upgrade and cannot be now is no skip."""
        from pytest_upgrade.phases import recording

        report = yield
        recording.no_skip(self._session, item, report)
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """What became of a test."""
        from pytest_upgrade.phases import recording

        recording.note(self._session, report)

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """A failure that says no more than that nothing could be judged has a word of its own."""
        from pytest_upgrade.phases import recording

        return recording.status(report)

    def pytest_terminal_summary(self, terminalreporter: Any, config: pytest.Config) -> None:
        """Why there was nothing to run, and what has ended the phase."""
        from pytest_upgrade.phases import selection

        for line in selection.told(config, self._session):
            terminalreporter.write_line(line)

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        """The verdicts and the timeline, on top of the report."""
        from pytest_upgrade.configured import settings
        from pytest_upgrade.phases import watching

        limits, _ = settings.LIMITS.read(self._config)
        if shown := watching.section(self._session, limits):
            prefix.append(shown)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """The attempt has ended."""
        from pytest_upgrade.phases import selection, watching

        watching.end(self._session)
        if self._session.is_worker:
            session.config.workeroutput["upgrade"] = selection.for_controller(session.config)  # type: ignore[attr-defined]
        elif int(exitstatus) == pytest.ExitCode.OK:
            self._session.close_run(session.config)
        self._session.finish(int(exitstatus))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A worker has ended."""
        from pytest_upgrade.phases import selection

        if said := getattr(node, "workeroutput", {}).get("upgrade"):
            selection.from_worker(node.config, said)
