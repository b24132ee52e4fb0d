"""Runs each test with the break that it must see: it is as it should be when it fails.

``pytest -p tests.acceptance.sabotage.plugin tests/suites``; of a test with parameters only the first is run.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack

import pytest

from pytest_whitebox.core.wait import WaitTimeout
from tests.acceptance.sabotage import compute, orphans, others  # noqa: F401 -- they note their breaks
from tests.acceptance.sabotage.means import Means
from tests.acceptance.sabotage.table import BREAKS

#: How a test says that it saw something; whatever else is raised says that it could not look.
_SEEN = (AssertionError, pytest.fail.Exception, WaitTimeout)

_request = pytest.StashKey[pytest.FixtureRequest]()


class NotBroken(Exception):
    """The test was over before anything was broken."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """One of each test, without those of an upgrade; it is to fail."""
    first = {(item.location[0], getattr(item, "originalname", item.name)): item for item in reversed(items)}
    kept = [item for item in items if item in first.values() and "/upgrade/" not in item.nodeid]
    kept = [item for item in kept if "test_rolling" not in item.nodeid]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept
    for item in items:
        if item.originalname in BREAKS:  # type: ignore[attr-defined]
            item.add_marker(pytest.mark.xfail(strict=True, raises=_SEEN))


@pytest.fixture(autouse=True)
def _asking(request: pytest.FixtureRequest) -> None:
    request.node.stash[_request] = request


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Break what the test looks at, and mend it."""
    arrange = BREAKS.get(pyfuncitem.originalname)
    if arrange is None:
        pytest.fail(f"nobody has said how to break what {pyfuncitem.originalname} looks at", pytrace=False)
    with ExitStack() as undone, pytest.MonkeyPatch.context() as patch:
        means = Means(pyfuncitem.stash[_request], patch, undone)
        arrange(means)
        pyfuncitem.user_properties.append(("broken", arrange.__doc__ or ""))
        try:
            result = yield
        except _SEEN as error:
            if not means.happened:
                raise NotBroken(f"it failed before anything was broken: {error}") from error
            raise
        if not means.happened:
            raise NotBroken("nothing was broken until the test was over")
        return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note by what the test saw it."""
    if call.when == "call" and call.excinfo is not None:
        item.user_properties.append(("seen", str(call.excinfo.value).partition("\n")[0]))
    return (yield)
