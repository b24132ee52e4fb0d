"""Each service is at its release, on every host, and well."""

from __future__ import annotations

import pytest

from pytest_upgrade.evidence import Health, Releases, Windows
from pytest_upgrade.phases.session import Session

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


@pytest.mark.phase("during")
@pytest.mark.idempotent_id("a310d60a-b234-4268-9e24-b1927e86c9c8")
@pytest.mark.parametrize("service", SERVICES)
def test_service_is_at_either_release(release: Releases, upgrade: Session, service: str) -> None:
    assert release.between(service, frozenset(filter(None, (upgrade.run.release_from, upgrade.run.release_to))))


@pytest.mark.phase("post")
@pytest.mark.idempotent_id("b6bedbea-e777-4983-b5ac-562abd10f0cb")
@pytest.mark.parametrize("service", SERVICES)
def test_both_releases_have_worked_at_once(window: Windows, service: str) -> None:
    assert len(window(service)) > 1


@pytest.mark.idempotent_id("c091c226-d1e2-46fa-9809-c38d0b2ee72f")
@pytest.mark.parametrize("service", SERVICES)
def test_service_is_well(health: Health, service: str) -> None:
    assert health(service) == ()
