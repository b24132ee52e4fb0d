"""A cloud on loopback, and the view of its administrator."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_cleanup.view import View
from tests.doubles.openstack import Openstack, serve
from tests.wire.cleanup.scene import furnished, view_of


@pytest.fixture
def cloud() -> Openstack:
    return furnished()


@pytest.fixture
def view(cloud: Openstack) -> Iterator[View]:
    with serve(cloud) as url:
        yield view_of(url)
