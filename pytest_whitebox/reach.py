"""Getting at the cloud, and saying once what is wrong if that fails."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.session import Session, session_key, trace_key, unusable_key
from pytest_whitebox.trace import Trace

if TYPE_CHECKING:
    from pytest_whitebox.core.hosts import Hosts
    from pytest_whitebox.facts import Facts

_cloud_key = pytest.StashKey[Cloud | StackproofError]()
_recovered_key = pytest.StashKey[bool]()
_NO_CLOUD = "no cloud to test: pass --os-cloud NAME, or set OS_CLOUD or OS_AUTH_URL and its like"


@contextmanager
def cloud(config: pytest.Config) -> Iterator[Cloud]:
    """The connected cloud; skips if none is configured, fails the first test only if it cannot be used."""
    session = config.stash[session_key]
    if session.choice is None and session.problem is None:
        pytest.skip(_NO_CLOUD)
    try:
        connected = _connected(config)
    except StackproofError as error:
        config.stash[unusable_key] = why = f"not tried again: {error.sentence}"
        if not _first(session):
            pytest.skip(why)
        raise
    with connected:
        yield connected
    del config.stash[_cloud_key]


def hosts(config: pytest.Config) -> Hosts:
    """The hosts of the cloud; the first time, what runs that died have left there is undone.

    Raises `StackproofError` if the cloud cannot be used, or this user may not see its hosts.
    """
    hosts = _connected(config).hosts
    if not config.stash.get(_recovered_key, False):
        config.stash[_recovered_key] = True
        _recover(hosts)
    return hosts


def facts(config: pytest.Config) -> Facts:
    """The facts of the cloud; raises `StackproofError` if it cannot be used."""
    return _connected(config).facts


def _recover(hosts: Hosts) -> None:
    """Undo what runs that died have left, with a warning; who cannot be reached tells later."""
    for host in hosts:
        with suppress(StackproofError):
            for what in host.recover():
                warnings.warn(f"{what} on {host.name} is restored: a run that changed it had died", stacklevel=2)


def _connected(config: pytest.Config) -> Cloud:
    """The cloud, connected once for this process; what went wrong is raised again and not tried again."""
    found = config.stash.get(_cloud_key, None)
    if found is None:
        found = config.stash[_cloud_key] = _connect(config.stash[session_key], config.stash[trace_key])
    if isinstance(found, StackproofError):
        raise found
    return found


def _connect(session: Session, trace: Trace) -> Cloud | StackproofError:
    if session.choice is None:
        return session.problem or StackproofError(_NO_CLOUD, hint="see `openstack --os-cloud NAME token issue`")
    try:
        return Cloud.connect(session.choice, session.ssh_config, session.inventory, trace, session.run.began)
    except StackproofError as error:
        return error


def _first(session: Session) -> bool:
    """True for the first process of a run that asks, so that one error is shown and not one for each worker."""
    try:
        (session.run.folder() / "cloud-unusable").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
