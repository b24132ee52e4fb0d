"""A service with two instances: whatever is asked of it is true of both."""

from __future__ import annotations

import pytest

from pytest_whitebox.core.services import ConfigRejected, Service
from pytest_whitebox.core.transports import SshTransport
from pytest_whitebox.core.wait import wait_for

from .conftest import Daemon, host_of


@pytest.fixture
def service(ssh: SshTransport, daemon: Daemon) -> Service:
    """The daemon and its twin, both running."""
    daemon.define("-b")
    found = host_of(ssh, daemon, twin=True).service("daemon")
    wait_for(lambda: found.is_running and _workers(daemon), timeout=20, every=0.05, what="both instances")
    return found


def _workers(daemon: Daemon) -> list[str]:
    """With how many workers each instance was started, as each reports itself."""
    reports = [daemon.folder / f"report{suffix}" for suffix in ("", "-b")]
    return [file.read_text().split()[1] for file in reports] if all(file.exists() for file in reports) else []


def _wait_for_workers(daemon: Daemon, wanted: list[str]) -> None:
    # What is heard of the service comes from its first instance, so the second may not have read its file yet.
    wait_for(lambda: _workers(daemon) == wanted, timeout=20, every=0.02, what=f"workers {wanted}")


def _mains(service: Service) -> set[object]:
    return {one.main for one in service.instances}


def test_it_runs_only_if_both_do(service: Service) -> None:
    assert len(service.pids) == 2
    service.transport.run(["sv", "down", service.instances[1].facts.unit])
    assert wait_for(lambda: len(service.pids) == 1, timeout=10, every=0.02, what="the second instance to end")
    assert service.status.running
    assert not service.is_running


def test_a_restart_is_another_process_of_each(service: Service) -> None:
    before = _mains(service)
    service.restart()
    after = _mains(service)
    assert len(before) == len(after) == 2
    assert not before & after


def test_a_changed_configuration_reaches_both_and_leaves_both(service: Service, daemon: Daemon) -> None:
    with service.set_config({("daemon", "workers"): 5}):
        _wait_for_workers(daemon, ["5", "5"])
    _wait_for_workers(daemon, ["2", "2"])


def test_a_configuration_that_is_rejected_is_left_by_both(service: Service, daemon: Daemon) -> None:
    with pytest.raises(ConfigRejected), service.set_config({("daemon", "workers"): -1}):
        pytest.fail("it was accepted")
    _wait_for_workers(daemon, ["2", "2"])
    assert service.is_running


def test_the_logs_of_both_are_shown(service: Service) -> None:
    assert service.log_tail(1).count("starting with password ***") == 2
