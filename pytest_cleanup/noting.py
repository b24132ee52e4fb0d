"""A plugin for runs that others clean up after: it only writes down what the tests do to the cloud.

``pytest -p pytest_cleanup.noting``, and later, from anywhere, ``pytest-cleanup restore --scope run:FOLDER``.
"""

from __future__ import annotations

import pytest

from pytest_cleanup import settings
from pytest_cleanup.wanted import Wanted
from pytest_whitebox.session import session_key, trace_key


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Have the tests of this process watched; the cloud is neither looked at nor changed."""
    from pytest_cleanup.watch import Watch

    trace = config.stash[trace_key]
    wanted = Wanted(settings.OFF, "", settings.OFF, "", None, "run", (), (), everything=False)
    config.pluginmanager.register(Watch(wanted, config.stash[session_key], lambda: trace.id), "pytest_cleanup.watch")
