"""The store of upgrade runs on servers of their own: MariaDB, and PostgreSQL where its driver is installed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from pytest_upgrade.store import Store
from pytest_upgrade.store.archive import packed, unpacked
from pytest_upgrade.store.values import Artifact, Baseline, Kept, Piece, Run
from tests.wire.mariadb import Server
from tests.wire.postgresql import postgresql

RUN = Run("3f9a1c", "20261121T073000Z-3f9a1c", "prod", "10.0.0.1", "north", began=1_790_000_000.125)
WRITER = """
import os, sys
from pytest_upgrade.store import Store
from pytest_upgrade.store.values import Event
with Store.open(os.environ["UPGRADE_STORE"]) as store:
    for number in range(40):
        store.events.add("3f9a1c", Event(f"{sys.argv[1]}-{number}", "task"))
"""


@pytest.fixture(scope="module", params=["mariadb", "postgresql"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of an empty database."""
    if request.param == "mariadb":
        server: Server = request.getfixturevalue("mariadb")
        server.execute("CREATE DATABASE laboratory CHARACTER SET utf8mb4")
        yield server.url(name="laboratory").partition("?")[0]
    else:
        with postgresql() as url:
            yield url


def test_run_goes_there_and_back_with_all_that_belongs_to_it(url: str) -> None:
    kept = Kept("volume", "data", {"size": 1}, {"sum": "ffé\N{PILE OF POO}"}, noted=1_790_000_000.125)
    artifact = Artifact("pre", "log", "text/plain", bytes(range(256)) * 1024, at=2.0)
    # The largest piece of a copy of samples that there is, which no compression makes smaller.
    pieces = [Piece(0, os.urandom(1 << 20), at=9.5), Piece(1, b"\x00", at=9.5)]
    with Store.open(url) as store:
        store.add_run(RUN)
        store.resources.add(RUN.id, kept)
        store.artifacts.add(RUN.id, artifact)
        for value in ("older", ["newer"]):
            store.baselines.replace(RUN.id, Baseline("t" * 512, "n", value, at=3.0), "test", "name")
        store.pieces.replace_all(RUN.id, [Piece(0, b"older", at=1.0), Piece(1, b"older", at=1.0)])
        store.pieces.replace_all(RUN.id, pieces)
        text = packed(store, RUN)
    with Store.open(url) as again, Store.open("sqlite://") as here:
        assert again.runs() == [RUN]
        assert again.resources.of(RUN.id) == [kept]
        assert again.artifacts.of(RUN.id) == [artifact]
        assert again.pieces.of(RUN.id) == pieces
        assert again.pieces.newest(RUN.id) == 9.5
        unpacked(here, text)
        assert [one.value for one in here.baselines.of(RUN.id)] == [["newer"]]
        assert here.artifacts.of(RUN.id) == [artifact]


def test_processes_write_at_the_same_time(url: str) -> None:
    environment = {**os.environ, "UPGRADE_STORE": url}
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(n)], env=environment) for n in range(3)]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0]
    with Store.open(url) as store:
        assert len({event.step for event in store.events.of(RUN.id)}) == 120
