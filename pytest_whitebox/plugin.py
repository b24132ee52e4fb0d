"""The pytest plugin: hooks and options only, so that it costs nothing where it is not used."""

from __future__ import annotations

import sys
from collections.abc import Generator
from typing import Any

import pytest

from pytest_whitebox.session import Session, session_key, trace_key, unusable_key
from pytest_whitebox.settings import SETTINGS
from pytest_whitebox.tempest.settings import SETTINGS as TEMPEST
from pytest_whitebox.trace import Trace

pytest_plugins = ["pytest_whitebox.fixtures"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Our options, each with its variable and ini key."""
    for name, title, settings in (("whitebox", "whitebox", SETTINGS), ("tempest", "tests of Tempest", TEMPEST)):
        group = parser.getgroup(name, f"OpenStack {title}")
        for setting in settings:
            setting.register(group, parser)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Choose the cloud and the run directory; nothing is connected or created."""
    from pytest_whitebox import interruption, markers, report, tempest

    markers.declare(config)
    session = config.stash[session_key] = Session.of(config)
    config.stash[trace_key] = Trace()
    session.check()
    interruption.prepare(config)
    report.prepare(config, session)
    tempest.begin(config, session)


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Which cloud, by which hosts, and where the run writes; nothing if no cloud is chosen."""
    return list(config.stash[session_key].header())


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Workers of xdist write into the controller's run directory."""
    node.workerinput["whitebox_run"] = node.config.stash[session_key].run.name


@pytest.hookimpl(wrapper=True)
def pytest_pycollect_makeitem() -> Generator[None, object, object]:
    """Check our markers where a mistake can be told in one sentence."""
    from pytest_whitebox.markers import check

    collected = yield
    check(collected)
    return collected


def pytest_itemcollected(item: pytest.Item) -> None:
    """A test with ``requires`` asks for the cloud, whatever its arguments."""
    names = getattr(item, "fixturenames", None)
    if names is not None and item.get_closest_marker("requires") and "_requirements" not in names:
        names.insert(0, "_requirements")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Wait for its turn; but once it was told that the cloud cannot be used, other tests that need it are skipped.

    Not ``tryfirst``: what pytest itself skips needs no turn.
    """
    from pytest_whitebox import turn

    item.config.stash[trace_key].begin()
    why = item.config.stash.get(unusable_key, "")
    if why and not {"cloud", "_requirements"}.isdisjoint(getattr(item, "fixturenames", ())):
        pytest.skip(why)
    turn.begin(item)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, None, None]:
    """Once all is undone it is another test's turn."""
    from pytest_whitebox import turn

    try:
        yield
    finally:
        turn.end(item, nextitem)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Our errors become sentences; the test's id, what was seen, and evidence of a failure, go into the report."""
    from pytest_whitebox import failures, naming, report

    failures.shorten(call)
    made = yield
    vars(made)[naming.ATTRIBUTE] = naming.id_of(item)
    report.attach(item, made, call)
    return made


def pytest_assertion_pass(item: pytest.Item, lineno: int, orig: str, expl: str) -> None:
    """Keep what a test saw (with pytest's own ini key enable_assertion_pass_hook)."""
    from pytest_whitebox import seen

    seen.note(item, lineno, orig, expl)


def pytest_assertrepr_compare(config: pytest.Config, op: str, left: object, right: object) -> list[str] | None:
    """Two looks at a guest that are not equal: which facts changed, and which lines of the XML."""
    if op != "==" or "pytest_whitebox.core.domain" not in sys.modules:
        return None
    from pytest_whitebox.explanation import explain

    return explain(config, left, right)
