"""The processor that nova-compute is configured to give is the one that guests get."""

from __future__ import annotations

import pytest

from pytest_whitebox.core.hosts import Host
from pytest_whitebox.create import Create
from pytest_whitebox.fixtures import SetConfig

pytestmark = pytest.mark.requires("libvirt")


@pytest.mark.idempotent_id("f4c9b3a8-5c1f-4b5d-9d7a-3e0c0a5e1f37")
def test_guest_has_the_model_and_the_features_of_the_configuration(
    create: Create, own_host: Host, set_config: SetConfig
) -> None:
    options = {"cpu_mode": "custom", "cpu_models": "kvm64", "cpu_model_extra_flags": "popcnt,-svm"}
    set_config(own_host, "nova-compute", {("libvirt", name): value for name, value in options.items()})
    cpu = create.server().inactive_domain.cpu

    assert (cpu.mode, cpu.match, cpu.model) == ("custom", "exact", "kvm64")
    assert {name: cpu.features.get(name) for name in ("popcnt", "svm")} == {"popcnt": "require", "svm": "disable"}
