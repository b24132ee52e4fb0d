"""Each API goes on answering while it is upgraded, and as fast as before."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_upgrade.phases.timeline import Timeline

_PROBES = {
    "identity": ("GET identity /v3", "GET identity /auth/projects"),
    "compute": ("GET compute /", "GET compute /servers"),
    "network": ("GET network /", "GET network /networks"),
    "block-storage": ("GET block-storage /", "GET block-storage /volumes"),
    "image": ("GET image /versions", "GET image /images"),
    "object-store": ("GET object-store /info", "HEAD object-store /"),
    "placement": ("GET placement /",),
}


def _services(tag: Callable[..., pytest.MarkDecorator]) -> pytest.MarkDecorator:
    """A test for each service, with a marker of the tag for its probes."""
    marked = [
        pytest.param(service, marks=(pytest.mark.requires(service), tag(probe=probes)))
        for service, probes in _PROBES.items()
    ]
    return pytest.mark.parametrize("service", marked)


@pytest.mark.idempotent_id("3d6f3f0c-7d10-4a3c-a3b6-2f6a3cf3ab61")
@_services(pytest.mark.zero_downtime)
def test_service_never_stops_answering(timeline: Timeline, service: str) -> None:
    assert not timeline.outages, service


@pytest.mark.idempotent_id("8f0f2d2e-5c1b-4a0e-9a55-51c0f0a7d1b4")
@_services(pytest.mark.zero_impact)
def test_service_does_not_get_slower(timeline: Timeline, service: str) -> None:
    assert not timeline.slowness, service
