"""A run that is watched: who looks at the cloud, and who writes down what the tests do to it."""

from __future__ import annotations

import pytest

from pytest_cleanup.owner import Owner
from pytest_cleanup.wanted import Wanted
from pytest_cleanup.watch import Watch
from pytest_whitebox.session import Session, session_key, trace_key

_LOOKS_ONLY = ("help", "version", "markers", "showfixtures", "show_fixtures_per_test", "collectonly")


def prepare(config: pytest.Config, wanted: Wanted) -> None:
    """Register who watches the tests in this process, and who owns the cloud's state if this is the first one."""
    if any(config.getoption(name, False) for name in _LOOKS_ONLY):
        return
    session = _session(config, wanted)
    trace = config.stash[trace_key]
    if not session.worker:
        config.pluginmanager.register(Owner(config, wanted, session), "pytest_cleanup.owner")
    # Registered last, it ends first: what the owner does is not written down.
    config.pluginmanager.register(Watch(wanted, session, lambda: trace.id), "pytest_cleanup.watch")


def _session(config: pytest.Config, wanted: Wanted) -> Session:
    session = config.stash.get(session_key, None)
    if session is None:
        raise pytest.UsageError("--cleanup needs the plugin pytest_whitebox: do not block it with -p no:")
    if session.problem:
        raise pytest.UsageError(session.problem.sentence)
    if session.choice is None:
        raise pytest.UsageError(
            f"--cleanup={wanted.mode} (from {wanted.source}) needs a cloud: pass --os-cloud NAME, or set OS_CLOUD"
        )
    return session
