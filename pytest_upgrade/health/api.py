"""What the APIs report: services up, agents alive, endpoints that answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pytest_upgrade.endpoints import root_of
from pytest_upgrade.health.sign import Sign

#: What an endpoint answers that works, to somebody who may not look.
_ANSWERS = frozenset({200, 300, 401})
#: The service types whose endpoints are asked.
SERVICES = ("identity", "compute", "network", "block-storage", "image", "object-store", "placement")
#: Seconds for an endpoint.
_PATIENCE = 20


def signs(connection: Any) -> Iterator[Sign]:
    """A sign for each service, agent and endpoint that this user may see."""
    if connection.has_service("compute"):
        yield from _reports("compute", lambda: connection.compute.services(), lambda one: one.state == "up")
    if connection.has_service("block-storage"):
        yield from _reports("block-storage", lambda: connection.block_storage.services(), lambda one: one.state == "up")
    if connection.has_service("network"):
        yield from _reports("network", lambda: connection.network.agents(), lambda one: bool(one.is_alive))
    for service in SERVICES:
        if connection.has_service(service):
            yield _endpoint(connection, service)


def _reports(service: str, listing: Callable[[], Any], up: Callable[[Any], bool]) -> Iterator[Sign]:
    """Each service that reports, and None for the list that this user may not see."""
    from openstack.exceptions import ForbiddenException, SDKException

    try:
        found = list(listing())
    except ForbiddenException:
        yield Sign(service, "reports", None, "may be seen by an administrator only")
        return
    except SDKException as error:
        yield Sign(service, "reports", False, f"cannot be had: {str(error).splitlines()[0]}")
        return
    if not found:
        yield Sign(service, "reports", False, "are none: no service has ever reported")
    for one in found:
        well = up(one)
        yield Sign(service, one.binary, well, "is up" if well else "is down", str(one.host).partition("@")[0])


def _endpoint(connection: Any, service: str) -> Sign:
    from keystoneauth1.exceptions import ClientException

    url = str(connection.endpoint_for(service) or "")
    try:
        answer = connection.session.get(
            root_of(url), authenticated=False, raise_exc=False, timeout=_PATIENCE, connect_retries=0, redirect=False
        )  # fmt: skip
    except ClientException as error:
        return Sign(service, "endpoint", False, f"does not answer: {str(error).splitlines()[0]}")
    said = f"answers {answer.status_code}"
    return Sign(service, "endpoint", answer.status_code in _ANSWERS, said)
