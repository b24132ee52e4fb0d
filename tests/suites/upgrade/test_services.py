"""Each service is at its release, on every host, and well."""

from __future__ import annotations

import pytest

from pytest_upgrade.evidence import Health, Releases

pytestmark = pytest.mark.rolling

SERVICES = [
    pytest.param(service, marks=pytest.mark.requires(service))
    for service in ("identity", "compute", "network", "block-storage", "image", "object-store", "placement")
]


@pytest.mark.phase("pre", "post")
@pytest.mark.idempotent_id("fd5b4f3c-66b1-4bd8-8c92-892b925765fc")
@pytest.mark.parametrize("service", SERVICES)
def test_service_is_at_its_release(release: Releases, service: str) -> None:
    assert release(service)


@pytest.mark.idempotent_id("c091c226-d1e2-46fa-9809-c38d0b2ee72f")
@pytest.mark.parametrize("service", SERVICES)
def test_service_is_well(health: Health, service: str) -> None:
    assert health(service) == ()
