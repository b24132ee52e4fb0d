"""A plugin of the run's pytest: it tells what goes on, by lines of JSON to the descriptor that it is given."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from pytest_whitebox.core.ended import Phases
from pytest_whitebox.core.events import DESCRIPTOR

_UUID = "idempotent_id"


def pytest_configure(config: pytest.Config) -> None:
    """Register the hooks where the run is told of; workers of xdist tell their controller."""
    if not hasattr(config, "workerinput") and os.environ.get(DESCRIPTOR):
        config.pluginmanager.register(Watching(int(os.environ[DESCRIPTOR])), "tcup.watching")


class Watching:
    """The hooks."""

    def __init__(self, descriptor: int) -> None:
        self._out = os.fdopen(descriptor, "w", buffering=1)
        self._phases = Phases()

    def tell(self, **event: Any) -> None:
        """Write one line."""
        self._out.write(json.dumps(event) + "\n")

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """How many there are."""
        if not session.config.getoption("numprocesses", None):
            self.tell(event="collected", number=len(session.items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """With workers the first of them says it; the others find the same."""
        self.tell(event="collected", number=len(ids))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """A test begins."""
        self.tell(event="began", test=nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test is what its worst phase is."""
        over = self._phases.add(report)
        if over is not None:
            uuid = next((str(value) for name, value in report.user_properties if name == _UUID), "")
            self.tell(
                event="ended", test=over.nodeid, id=over.id, uuid=uuid, outcome=over.outcome,
                began=over.began.isoformat(), seconds=over.seconds, why=over.why,
            )  # fmt: skip
