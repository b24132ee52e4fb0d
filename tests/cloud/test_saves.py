"""A cloud that was saved comes back as it was, with its guests, while its hosts stay on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from devcloud.cloud import Cloud
from devcloud.state import State
from tests.cloud.devcloud import Devcloud
from tests.cloud.guest import Guest


def test_load_undoes_everything_since_the_save(server: Guest, state: State, connect: Callable[[str], Any]) -> None:
    devcloud, cloud, alpha = Devcloud(state.path), Cloud(state, state.settings()), connect("devcloud-alpha")
    compute = cloud.host_named("compute1")
    config, tool = compute.path("/etc/nova/nova.conf"), compute.path("/usr/bin/virt-host-validate")
    before = config.read_bytes()
    devcloud("save", "before-the-test")
    try:
        config.write_text("[DEFAULT]\nbroken")
        tool.unlink()
        compute.path("/etc/nova/later.conf").write_text("")
        alpha.network.create_network(name="later")
        devcloud("load", "before-the-test")
    finally:
        devcloud("saved", "--delete", "before-the-test")
    assert cloud.host_named("compute1") == compute, "the host stayed on"
    assert config.read_bytes() == before
    assert tool.exists()
    assert not compute.path("/etc/nova/later.conf").exists()
    assert {network.name for network in alpha.network.networks()} == {"shared", "public"}
    assert devcloud.problems() == []
    assert "volume in-use with its data" in server.well()
