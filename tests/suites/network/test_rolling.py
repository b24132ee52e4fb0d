"""Networks, routers, addresses and filters outlive an upgrade of the cloud, and still take changes."""

from __future__ import annotations

import pytest

from pytest_upgrade.persistent import Persistent

pytestmark = [pytest.mark.rolling, pytest.mark.requires("network", "compute", "image")]


@pytest.mark.idempotent_id("5110c75d-1ab6-4fa5-8606-89412af5bdd8")
def test_network_is_what_it_was_and_gives_addresses(persistent: Persistent) -> None:
    persistent.server("web")
    network = persistent.network("web")

    assert network.changes == ()
    assert network.use()


@pytest.mark.idempotent_id("88aac38e-faec-49fa-9333-5974fd2f4f82")
def test_router_is_what_it_was_and_takes_routes(persistent: Persistent) -> None:
    persistent.server("web")
    router = persistent.router("web", network="web")

    assert router.changes == ()
    assert router.use()


@pytest.mark.idempotent_id("b0846eb4-add8-407c-999e-150745f3daf6")
def test_floating_ip_leads_into_the_same_guest(persistent: Persistent) -> None:
    floating = persistent.floating_ip("web")

    assert floating.changes == ()
    assert floating.use()


@pytest.mark.idempotent_id("a35f1957-85ed-464e-8087-ff367d9cb947")
def test_security_group_has_its_rules(persistent: Persistent) -> None:
    assert persistent.security_group("web").changes == ()


@pytest.mark.idempotent_id("e418f455-3d0c-4632-939f-7f06e41330f0")
def test_security_group_filters_and_follows_its_rules(persistent: Persistent) -> None:
    assert persistent.security_group("web").use()
