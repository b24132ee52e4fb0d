"""What is said of things behind the APIs that have no owner any more."""

from __future__ import annotations

from pytest_cleanup.attribution.act import MADE, Act
from pytest_cleanup.beneath import Beneath
from pytest_whitebox.core.orphans import Orphan

DOMAIN = Orphan("domain", "3f9a", "compute1", "server")
PLUG = Orphan("plug", "7c01", "compute2", "port")


def test_each_orphan_is_told_with_the_test_that_made_its_owner() -> None:
    made = Act(MADE, 0.0, "test_a.py::test_it", kind="server", id="3f9a")
    assert list(Beneath(frozenset({PLUG, DOMAIN})).lines([made])) == [
        "domain of server 3f9a on compute1, made by test_a.py::test_it",
        "plug of port 7c01 on compute2",
    ]


def test_without_a_way_to_the_hosts_nothing_is_said_and_why_is_known() -> None:
    assert Beneath.of(None) == Beneath(unseen=("the cloud's hosts are not known",))
    assert Beneath(frozenset({DOMAIN})).since(None).orphans == frozenset()
