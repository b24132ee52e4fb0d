"""The HTML report: one row for each test, what it saw, what is left of its failure, and which cloud it was."""

from __future__ import annotations

import time
from collections import Counter
from html import escape
from typing import Any

import pytest

from pytest_whitebox import evidence, explanation, page, record, seen
from pytest_whitebox.core.rundirectory import RunDirectory
from pytest_whitebox.session import Session, session_key

#: What pytest-html makes of a piece of HTML (pytest_html.extras.html).
_EXTRA = {"name": None, "format_type": "html", "mime_type": None, "extension": None}
_optional = pytest.hookimpl(optionalhook=True)


def attach(item: pytest.Item, report: pytest.TestReport, call: pytest.CallInfo[None]) -> None:
    """Put what a test saw and what is left of it into its report, in a form that crosses xdist."""
    if item.config.stash[session_key].choice is None:
        return
    facts = seen.noted(item) if report.when == "call" else []
    differences = explanation.taken(item.config) if report.failed else []
    files = evidence.collect(item, report, call)
    parts = [
        *map(page.difference, differences), *([page.facts(facts)] if facts else []), *map(page.evidence, files),
    ]  # fmt: skip
    extras = [{**_EXTRA, "content": part} for part in parts]
    vars(report)["extras"] = [*getattr(report, "extras", []), *extras]
    vars(report)["stackproof_seen"] = facts


def prepare(config: pytest.Config, session: Session) -> None:
    """Register the report; a run that names its cloud leaves one in its directory unless told where to put it."""
    if session.choice is None:
        return
    # What openstacksdk warns itself about is nothing that its users could mend.
    config.addinivalue_line("filterwarnings", "ignore::PendingDeprecationWarning:openstack")
    config.addinivalue_line("filterwarnings", "ignore::DeprecationWarning:openstack")
    if session.worker:
        return
    config.pluginmanager.register(Report(session.run, session.choice.name), "pytest_whitebox.report")
    if session.named and getattr(config.option, "htmlpath", "") is None:
        config.option.htmlpath = str(session.run.folder() / "report.html")
        config.option.self_contained_html = True


class Report:
    """Hooks of pytest-html, registered where the report is written and only if a cloud was chosen."""

    def __init__(self, run: RunDirectory, cloud: str) -> None:
        self._run, self._cloud = run, cloud
        self._begin = time.monotonic()
        self._phases: dict[str, dict[str, pytest.TestReport]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember each phase, since rows are written when the last one is known."""
        self._phases.setdefault(report.nodeid, {})[str(report.when)] = report

    @_optional
    def pytest_html_report_title(self, report: Any) -> None:
        """The page is named after the cloud."""
        report.title = f"stackproof: {self._cloud}"

    @_optional
    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        """Links give way to what was seen."""
        cells[1:] = [cells[1], "<th>What was seen</th>", cells[2]]

    @_optional
    def pytest_html_results_table_row(self, report: Any, cells: list[str]) -> None:
        """One row for a test: the phase that decides, with the time of all."""
        if report.when == "collect":
            cells[1:] = [cells[1], page.seen_cell([], "could not be collected"), cells[2]]
            return
        phases = self._phases.get(report.nodeid, {})
        if report.when != _deciding(phases):
            if report.failed or report.when == "call" or report.skipped:
                cells.clear()
            return
        seconds = sum(phase.duration for phase in phases.values())
        facts = getattr(phases.get("call"), "stackproof_seen", [])
        cells[1:] = [
            page.name_cell(report.nodeid), page.seen_cell(facts, _otherwise(phases)),
            f'<td class="col-duration">{seconds:.1f} s</td>',
        ]  # fmt: skip

    @_optional
    def pytest_html_results_table_html(self, report: Any, data: list[str]) -> None:
        """The row of the phase that decides tells what went wrong in the others as well."""
        others = [phase for when, phase in self._phases.get(report.nodeid, {}).items() if when != report.when]
        for phase in others:
            if phase.failed:
                data.append(f"{f' {phase.when} ':-^80}\n{escape(phase.longreprtext)}\n")

    @_optional
    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        """What the cloud was, on top."""
        prefix.append(f"<style>{page.STYLE}</style>")
        outcomes = Counter(_outcome(phases) for phases in self._phases.values())
        prefix.append(page.verdict(outcomes, time.monotonic() - self._begin))
        if facts := record.read(self._run):
            prefix.append(page.cloud(facts))


def _deciding(phases: dict[str, pytest.TestReport]) -> str:
    """The phase whose outcome is the test's: a failed call, else a failed setup or teardown, else the call."""
    failed = [when for when in ("call", "setup", "teardown") if when in phases and phases[when].failed]
    return failed[0] if failed else "call" if "call" in phases else "setup"


def _outcome(phases: dict[str, pytest.TestReport]) -> str:
    deciding = phases[_deciding(phases)]
    return "in error" if deciding.failed and deciding.when != "call" else str(deciding.outcome)


def _otherwise(phases: dict[str, pytest.TestReport]) -> str:
    for when in ("setup", "call", "teardown"):
        if when in phases and phases[when].failed:
            return f"failed in its {when}"
    skips = (phase.longrepr for phase in phases.values() if phase.skipped)
    return next((skip[2] for skip in skips if isinstance(skip, tuple)), "no assertion was told")
