"""Trusted platform modules: what the flavor asks for, encrypted with a secret that the key manager holds."""

from __future__ import annotations

import pytest

from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.databases import Databases
from pytest_whitebox.core.hosts import Host
from pytest_whitebox.create import Create
from pytest_whitebox.server import Server

from .conftest import wait_for_guests_to_be

pytestmark = pytest.mark.requires("libvirt")
needs_tpm = pytest.mark.requires("key-manager", "tpm")

CRB = {"hw:tpm_version": "2.0", "hw:tpm_model": "tpm-crb"}
PLACE = "SELECT host FROM instances WHERE uuid = :id"


@pytest.mark.idempotent_id("3f9a7c5e-1d6b-4a8f-b2c4-0e7d5f9a6b13")
@needs_tpm
@pytest.mark.parametrize("model", ["tpm-tis", "tpm-crb"])
def test_tpm_is_the_one_that_the_flavor_asks_for(cloud: Cloud, create: Create, model: str) -> None:
    assert_tpm(cloud, create.server(extra_specs={**CRB, "hw:tpm_model": model}), model)


@pytest.mark.idempotent_id("6d2e8b4f-9c1a-4f7d-8e5b-2a0c7f3d9e64")
@needs_tpm
@pytest.mark.requires("admin", "placement")
def test_tpm_after_libvirt_was_restarted(cloud: Cloud, create: Create, own_host: Host) -> None:
    own_host.service("libvirt").restart()
    # Nova gives the host no guests from the loss of its connection until its next look at libvirt.
    wait_for_guests_to_be(cloud, own_host, allowed=True)

    assert_tpm(cloud, create.server(extra_specs=CRB), "tpm-crb")


@pytest.mark.idempotent_id("e1b5d9f3-7a2c-4e6b-9d8f-4c0a6e2b8d75")
@needs_tpm
def test_libvirt_forgets_the_secret_once_the_guest_runs(create: Create) -> None:
    server = create.server(extra_specs=CRB)
    tpm = server.domain.tpm

    assert tpm is not None
    assert tpm.secret is not None
    assert tpm.secret not in {secret.uuid for secret in server.host.secrets}


@pytest.mark.idempotent_id("4c8a6e2d-0f9b-4d5e-a1c7-8b3f5d9e7a60")
@pytest.mark.requires("key-manager", "tpm", "COMPUTE_SECURITY_TPM_SECRET_SECURITY_HOST")
def test_libvirt_keeps_the_secret_of_a_guest_that_may_move(create: Create) -> None:
    server = create.server(extra_specs={**CRB, "hw:tpm_secret_security": "host"})
    tpm = server.domain.tpm
    assert tpm is not None
    (secret,) = (one for one in server.host.secrets if one.uuid == tpm.secret)

    assert (secret.ephemeral, secret.private) == (False, False)


@pytest.mark.idempotent_id("a9d3c7e1-5f8b-4b2d-8c6a-0d4e9f7b3a86")
def test_a_tpm_that_cannot_be_reaches_no_host(create: Create, database: Databases) -> None:
    flavor = create.flavor(extra_specs={"hw:tpm_version": "1.2", "hw:tpm_model": "tpm-crb"})
    server = create.server(flavor=flavor, wait=None).wait_for("ERROR")

    assert "TPM" in server.resource.fault["message"]
    assert database.cell_of(server).row(PLACE, id=server.id).host is None


def assert_tpm(cloud: Cloud, server: Server, model: str) -> None:
    """The device is in the guest, and its secret in the key manager is the server's."""
    tpm = server.domain.tpm
    assert tpm is not None
    assert (tpm.model, tpm.version, tpm.backend) == (model, "2.0", "emulator")
    secret = cloud.connection.key_manager.get_secret(str(tpm.secret))
    assert secret.status == "ACTIVE"
    assert "vtpm" in secret.name.lower()
    assert server.id in secret.name
