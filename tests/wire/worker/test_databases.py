"""The monitor with its jobs on a server: MariaDB, and PostgreSQL where its driver is installed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wire.mariadb import CANARY, Server
from tests.wire.postgresql import postgresql
from tests.wire.worker.laboratory import Laboratory, asked, running
from tests.wire.worker.noop import ENDLESS
from worker.payload import MOST_TESTS
from worker.states import State


@pytest.fixture(params=["mariadb", "postgresql"])
def laboratory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Laboratory]:
    """One whose store is an empty database."""
    if request.param == "mariadb":
        server: Server = request.getfixturevalue("mariadb")
        server.execute("CREATE DATABASE jobs CHARACTER SET utf8mb4")
        with running(Laboratory(tmp_path, store=server.url(name="jobs").partition("?")[0])) as made:
            yield made
    else:
        with postgresql() as url, running(Laboratory(tmp_path, store=url)) as made:
            yield made


def test_jobs_run_are_cancelled_and_outlive_the_monitor(laboratory: Laboratory) -> None:
    # Longer than MariaDB's own TEXT takes.
    names = [f"noop.a_name_that_is_not_so_short_{number}" for number in range(MOST_TESTS)]
    large = laboratory.client.submit(asked(tests={"names": names}))
    jobs = [large, *(laboratory.client.submit(asked()) for _ in range(10))]
    for _ in range(2):
        laboratory.worker(slots=2)
    endless = laboratory.client.submit(asked(ENDLESS))
    laboratory.in_state(endless, State.RUNNING)
    monitor = laboratory.started[1]
    monitor.kill()
    monitor.wait()
    laboratory.monitor()
    assert Counter(job["state"] for job in laboratory.ended(*jobs)) == {"passed": 11}
    assert [len(laboratory.client.results(job)) for job in jobs] == [1] * 11
    laboratory.client.cancel(endless)
    assert laboratory.in_state(endless, State.CANCELLED)["attempt"] == 1
    assert not list(laboratory.folder.glob("*.sqlite"))
    assert CANARY not in (laboratory.folder / "monitor.log").read_text()
