"""Instances of APIs taken out of HAProxy's rotation and put back, so that a restart costs no request."""

from __future__ import annotations

import time
from contextlib import suppress

from devcloud.apis import balancer
from devcloud.hosts.host import Host
from devcloud.services import check, runit
from devcloud.services.service import Service
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.wait import WaitTimeout, wait_for

#: Seconds that requests have to end; a restart goes on without them after that.
DRAIN_TIMEOUT = 60
_READY_TIMEOUT = 120


def take_out(on: Host, service: Service, *, timeout: float = DRAIN_TIMEOUT) -> str:
    """Let an instance work off its requests and give it no more; returns in words what was seen.

    Raises `WaitTimeout` if some have not ended after ``timeout`` seconds, and `StackproofError` for what is no API.
    """
    began = time.monotonic()
    server = _server(on, service)
    count = balancer.drain(on, server, timeout=timeout)
    others = [found.instance for found in balancer.backends(on) if found.api == server.api and found.serves]
    rest = f"instance {' and '.join(others)} serves" if others else f"nothing serves {server.api} now"
    requests = f"{count} request{'' if count == 1 else 's'}"
    return f"{service.name} has worked off {requests} in {time.monotonic() - began:.1f} s; {rest}"


def put_back(on: Host, service: Service) -> str:
    """Have HAProxy give an instance requests again, once it answers itself; returns in words what was seen."""
    began = time.monotonic()
    server = _server(on, service)
    wait_for(
        lambda: check.answers(on, service),
        timeout=_READY_TIMEOUT,
        what=f"{service.name} to answer its health check",
        hint=f"see `devcloud logs {service.name}`",
    )
    balancer.ready(on, server)
    wait_for(
        lambda: _server(on, service).serves,
        timeout=_READY_TIMEOUT,
        every=0.05,
        what=f"haproxy to call {server.api}/{server.instance} up",
        hint="see `devcloud logs haproxy`",
    )
    return f"{service.name} serves again after {time.monotonic() - began:.1f} s"


def admit(on: Host, service: Service) -> None:
    """Give an instance requests again if it answers itself, and leave all else as it is."""
    if service.is_api and check.answers(on, service):
        with suppress(StackproofError):
            balancer.ready(on, _server(on, service))


def restart(on: Host, service: Service) -> None:
    """Stop and start a daemon; an instance of an API that is not the only one is taken out before, and stays out."""
    if service.is_api and _is_spare(on, service):
        with suppress(WaitTimeout):
            take_out(on, service)
    runit.restart(on, service.name)


def _is_spare(on: Host, service: Service) -> bool:
    try:
        server = _server(on, service)
        return any(found.serves for found in balancer.backends(on) if found.api == server.api and found != server)
    except StackproofError:
        return False


def _server(on: Host, service: Service) -> balancer.Backend:
    if not service.is_api:
        raise StackproofError(
            f"{service.name} is no API, and haproxy gives it no requests", hint="`devcloud restart` works for all"
        )
    found = balancer.backend(on, service.port)
    if found is None:
        raise StackproofError(f"haproxy knows no {service.name}", hint="`devcloud up` tells it")
    return found
