"""A laboratory for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wire.worker.laboratory import HASTY, Laboratory, running

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
    with running(Laboratory(tmp_path, request.param)) as made:
        yield made


@pytest.fixture(scope="module", params=KINDS)
def _standing(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Laboratory]:
    with running(Laboratory(tmp_path_factory.mktemp(request.param), request.param)) as made:
        yield made


@pytest.fixture(scope="module", params=KINDS)
def _hasty(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Laboratory]:
    with running(Laboratory(tmp_path_factory.mktemp("hasty"), request.param, HASTY)) as made:
        yield made


@pytest.fixture
def hasty(_hasty: Laboratory) -> Iterator[Laboratory]:
    """One for many tests whose leases are short: a worker that gets no processor may lose a job there, too."""
    yield _hasty
    _hasty.close(but=2)


@pytest.fixture
def shared(_standing: Laboratory) -> Iterator[Laboratory]:
    """The same, one for many tests, which leave server and monitor as they are; their workers go with the test."""
    yield _standing
    _standing.close(but=2)
