"""The database connections that the configuration of services holds, with the way to where each was found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pytest_whitebox.core.errors import StackproofError

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

    from pytest_whitebox.core.databases import Forward
    from pytest_whitebox.core.hosts import Hosts


def connections(hosts: Hosts, service: str, group: str) -> Iterator[tuple[URL, Forward]]:
    """Each database connection that a service's configuration holds on some host, with the way to that host.

    A host that cannot be asked is an error only if nobody gets anything from the others.
    """
    from pytest_whitebox.core.databases import parse_url
    from pytest_whitebox.core.deployments import UnknownService

    failure: StackproofError | None = None
    for host in hosts:
        try:
            config = host.service(service).config
        except UnknownService:
            continue
        except StackproofError as error:
            failure = failure or error
            continue
        if config.get(group, "connection"):
            yield parse_url(str(config.get(group, "connection"))), host.transport.forward
    if failure is not None:
        raise failure
