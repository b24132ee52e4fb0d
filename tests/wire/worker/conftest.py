"""A laboratory for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wire.worker.laboratory import Laboratory


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Laboratory]:
    """Nothing runs in it yet."""
    laboratory = Laboratory(tmp_path)
    yield laboratory
    laboratory.close()


@pytest.fixture(params=["gear", "gearmand"])
def laboratory(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Laboratory]:
    """A monitor and a Gearman server run in it, of each kind in turn."""
    made = Laboratory(tmp_path, request.param)
    try:
        made.serve()
        made.monitor()
        yield made
    finally:
        made.close()
