"""Which image guests boot from where nobody has named one."""

from __future__ import annotations

from typing import Any

import openstack
import pytest

from pytest_whitebox import images
from pytest_whitebox.core.errors import StackproofError
from tests.doubles.openstack import CORE, Openstack, environment, serve


@pytest.fixture
def cloud() -> Openstack:
    """One with an image of its own, a newer one of some test, and an older one that asks for more disk."""
    cloud = Openstack(services={**CORE, "image": "v2"})
    for name, disk, created in (("of-a-test", 1, "2026-03-01"), ("own", 1, "2026-01-01"), ("large", 9, "2025-01-01")):
        cloud.put(
            "image", "images", id=name, name=name, visibility="public", disk_format="qcow2", min_disk=disk, min_ram=0,
            created_at=f"{created}T00:00:00Z",
        )  # fmt: skip
    return cloud


def found(cloud: Openstack, name: str | None) -> str:
    with serve(cloud) as url:
        login: dict[str, Any] = {key.removeprefix("OS_").lower(): value for key, value in environment(url).items()}
        return str(images.find(openstack.connect(load_yaml_config=False, load_envvars=False, **login), name).name)


def test_the_oldest_of_those_that_ask_for_the_smallest_disk(cloud: Openstack) -> None:
    assert found(cloud, None) == "own"


def test_the_one_that_is_named(cloud: Openstack) -> None:
    assert found(cloud, "large") == "large"


def test_a_cloud_without_any_is_told_of(cloud: Openstack) -> None:
    for name in ("own", "of-a-test", "large"):
        cloud.of("image", "images")[name]["disk_format"] = "ari"
    with pytest.raises(StackproofError, match="no public image that a guest could boot from"):
        found(cloud, None)
