"""Each API goes on answering while it is upgraded, and as fast as before."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_upgrade.phases.timeline import Timeline

_SERVICES = ("identity", "compute", "network", "block-storage", "image", "object-store", "placement")


def _each(tag: Callable[..., pytest.MarkDecorator]) -> pytest.MarkDecorator:
    """A test for each service, with a marker of the tag for all of it."""
    marked = [pytest.param(one, marks=(pytest.mark.requires(one), tag(service=one))) for one in _SERVICES]
    return pytest.mark.parametrize("service", marked)


@pytest.mark.idempotent_id("3d6f3f0c-7d10-4a3c-a3b6-2f6a3cf3ab61")
@_each(pytest.mark.zero_downtime)
def test_service_never_stops_answering(timeline: Timeline, service: str) -> None:
    assert not timeline.outages, service


@pytest.mark.idempotent_id("8f0f2d2e-5c1b-4a0e-9a55-51c0f0a7d1b4")
@_each(pytest.mark.zero_impact)
def test_service_does_not_get_slower(timeline: Timeline, service: str) -> None:
    assert not timeline.slowness, service
