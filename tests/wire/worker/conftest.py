"""A laboratory for each test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.wire.worker.laboratory import Laboratory

KINDS = ("gear", "gearmand")


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Laboratory]:
    """Nothing runs in it yet."""
    laboratory = Laboratory(tmp_path)
    yield laboratory
    laboratory.close()


@pytest.fixture(params=KINDS)
def laboratory(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Laboratory]:
    """A monitor and a Gearman server run in it, of each kind in turn; the test may kill them."""
    with _running(tmp_path, request.param) as made:
        yield made


@pytest.fixture(scope="module", params=KINDS)
def _standing(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Laboratory]:
    with _running(tmp_path_factory.mktemp(request.param), request.param) as made:
        yield made


@pytest.fixture
def shared(_standing: Laboratory) -> Iterator[Laboratory]:
    """The same, one for many tests, which leave server and monitor as they are; their workers go with the test."""
    yield _standing
    _standing.close(but=2)


@contextmanager
def _running(folder: Path, kind: str) -> Iterator[Laboratory]:
    made = Laboratory(folder, kind)
    try:
        made.serve()
        made.monitor()
        yield made
    finally:
        made.close()
