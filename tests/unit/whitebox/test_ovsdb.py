"""A port as `ovn-nbctl --format=json` of OVN 23.03 gives it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_whitebox.core.command import CommandFailed
from pytest_whitebox.core.databases.ovsdb import Ovsdb, rows
from pytest_whitebox.core.hosts import Host
from pytest_whitebox.core.transports import LocalTransport

DATA = Path(__file__).parent / "data"


def test_port() -> None:
    (port,) = rows((DATA / "ovn-port.json").read_text())

    assert port.uuid == "017470ec-5349-4423-bd2f-6882e1d0ca65"
    assert port["up"] is True
    assert port["external_ids"]["neutron:device_owner"] == "compute:nova"
    assert port["options"] == {"requested-chassis": "compute1"}
    assert port.many("port_security") == {"fa:16:3e:cb:85:33 198.51.100.254"}
    assert port.many("tag") == port["tag"] == frozenset()


def test_the_words_of_a_search_reach_the_command_whole() -> None:
    tool = Ovsdb(Host("here", LocalTransport()), ("false",))

    with pytest.raises(CommandFailed, match=r'find NAT .external_ids:"neutron:fip_id"="a b".'):
        tool.find("NAT", {("external_ids", "neutron:fip_id"): "a b"})
