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
    from sqlalchemy.engine import URL

    from pytest_whitebox.core.database import Forward
    from pytest_whitebox.core.hosts import Hosts

_NO_CLOUD = "no cloud to test: pass --os-cloud NAME, or set OS_CLOUD or OS_AUTH_URL and its like"


@contextmanager
def cloud(config: pytest.Config) -> Iterator[Cloud]:
    """The connected cloud; skips if none is configured, fails the first test only if it cannot be used."""
    session = config.stash[session_key]
    try:
        connected = _connect(session, config.stash[trace_key])
    except StackproofError as error:
        config.stash[unusable_key] = why = f"not tried again: {error.sentence}"
        if not _first(session):
            pytest.skip(why)
        raise
    with connected:
        yield connected


def recover(hosts: Hosts) -> None:
    """Undo what runs that died have left in configuration files, with a warning; who cannot be reached tells later."""
    for host in hosts:
        with suppress(StackproofError):
            for path in host.recover():
                warnings.warn(f"{path} on {host.name} is restored: a run that changed it had died", stacklevel=2)


def connections(hosts: Hosts, service: str, group: str) -> Iterator[tuple[URL, Forward]]:
    """Each database connection that a service's configuration holds on some host, with the way to that host."""
    from pytest_whitebox.core.database import parse_url
    from pytest_whitebox.core.deployment import UnknownService

    for host in hosts:
        try:
            config = host.service(service).config
        except UnknownService:
            continue
        if config.get(group, "connection"):
            yield parse_url(str(config.get(group, "connection"))), host.transport.forward


def _connect(session: Session, trace: Trace) -> Cloud:
    if session.problem is not None:
        raise session.problem
    if session.choice is None:
        pytest.skip(_NO_CLOUD)
    return Cloud.connect(session.choice, session.ssh_config, trace)


def _first(session: Session) -> bool:
    """True for the first process of a run that asks, so that one error is shown and not one for each worker."""
    try:
        (session.run.folder() / "cloud-unusable").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
