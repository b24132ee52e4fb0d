"""A daemon that systemd starts as soon as somebody connects, as libvirt's: stopped, it stays so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_whitebox.core.hosts import Host
from pytest_whitebox.core.services import Patience, Service
from pytest_whitebox.core.wait import wait_for

from .layout import Layout, host_with

_SOCKETS = ("virtqemud.socket", "virtqemud-ro.socket", "virtqemud-admin.socket")
_LAYOUT = Layout(
    {
        "/usr/lib/systemd/system/virtqemud.service": "[Service]\nExecStart=/usr/bin/sleep infinity\n[Install]\n",
        **{f"/usr/lib/systemd/system/{name}": "[Socket]\n" for name in _SOCKETS},
    },
    ("virtqemud",),
)


@pytest.fixture
def libvirt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with host_with(_LAYOUT, tmp_path_factory.mktemp("host")) as server:
        transport = server.transport()
        service = Host("server", transport, patience=Patience(settle=0.2, every=0.05)).service("libvirt")
        wait_for(lambda: service.is_running, timeout=30, every=0.05, what="the daemon")
        yield service
        transport.close()


def _somebody_connects(libvirt: Service) -> bool:
    """True if the daemon runs afterwards."""
    libvirt.transport.run(["systemctl", "connect", libvirt.facts.unit])
    return libvirt.is_running


def test_nobody_wakes_it_while_it_is_stopped(libvirt: Service) -> None:
    before = libvirt.main
    assert libvirt.facts.sockets == _SOCKETS
    with libvirt.stopped():
        assert not _somebody_connects(libvirt)
        refused = libvirt.transport.run(["systemctl", "start", "virtqemud-ro.socket"], check=False)
        assert "is masked" in refused.stderr
    assert libvirt.main not in (before, None)
    libvirt.transport.run(["systemctl", "stop", "virtqemud"])
    assert wait_for(lambda: _somebody_connects(libvirt), timeout=10, every=0.05, what="the daemon to be woken")


def test_one_that_sleeps_can_be_stopped_too(libvirt: Service) -> None:
    libvirt.transport.run(["systemctl", "stop", "virtqemud"])
    with libvirt.stopped():
        assert not _somebody_connects(libvirt)
    assert wait_for(lambda: _somebody_connects(libvirt), timeout=10, every=0.05, what="the daemon to be woken")
