"""The lanes of OpenStack's own services: what to ask each, and the exact answer of one that is well."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pytest_upgrade.endpoints import root_of
from pytest_upgrade.observers.lane import Connection, Lane

#: Seconds between two requests that need no token and no database, and between two that need both.
CHEAP, WITH_TOKEN, LOGIN = 0.2, 1.0, 5.0
_CONNECTIONS: tuple[Connection, ...] = ("new", "reused")
#: What each service tells anybody, below its root: the path, the status, what the answer contains.
_ANYBODY: Mapping[str, tuple[str, int, str]] = {
    "block-storage": ("/", 300, "versions"),
    "compute": ("/", 200, "versions"),
    "identity": ("/v3", 200, "version"),
    "image": ("/versions", 200, "versions"),
    "network": ("/", 200, "versions"),
    "object-store": ("/info", 200, "swift"),
    "placement": ("/", 200, "versions"),
}
#: What each tells its users: the method, the path below the version, the query, the status, what the answer contains.
_USERS: Mapping[str, tuple[str, str, str, int, str]] = {
    "block-storage": ("GET", "/volumes", "?limit=1", 200, "volumes"),
    "compute": ("GET", "/servers", "?limit=1", 200, "servers"),
    "identity": ("GET", "/auth/projects", "", 200, "projects"),
    "image": ("GET", "/images", "?limit=1", 200, "images"),
    "network": ("GET", "/networks", "?limit=1", 200, "networks"),
    "object-store": ("HEAD", "/", "", 204, ""),
}
#: Where the version stands if the catalog leaves it out.
_VERSIONS = {"image": "/v2", "network": "/v2.0", "identity": "/v3"}


def lanes(service: str, url: str) -> list[Lane]:
    """The lanes of a service of a type, whose endpoint is this; none for a service that is not known here.

    >>> [lane.url for lane in lanes("network", "http://10.0.0.1:9696/v2.0")][::2]
    ['http://10.0.0.1:9696/', 'http://10.0.0.1:9696/v2.0/networks?limit=1']
    """
    return [*_of_anybody(service, url), *_of_users(service, url)]


def base_of(service: str, url: str) -> str:
    """The address below which a service has what it has for its users, with its version.

    >>> base_of("image", "http://a:9292"), base_of("network", "http://a:9696/v2.0/")
    ('http://a:9292/v2', 'http://a:9696/v2.0')
    """
    base, version = url.rstrip("/"), _VERSIONS.get(service, "")
    return base if base.endswith(version) else base + version


def login(url: str) -> Lane:
    """The lane that logs in, with the observer's own credentials."""
    return Lane("identity", "POST", "/auth/tokens", url, "new", LOGIN, (201,), "token", role="login", timeout=10.0)


def control(address: str) -> Lane:
    """The lane that tells our own network from the cloud: it only connects, to ``HOST:PORT``."""
    return Lane("control", "CONNECT", address, f"tcp://{address}", "new", CHEAP, role="control")


def _of_anybody(service: str, url: str) -> Iterable[Lane]:
    if service not in _ANYBODY:
        return
    path, status, contains = _ANYBODY[service]
    root = root_of(url)
    address = root if root.endswith(path) else root.rstrip("/") + path
    for connection in _CONNECTIONS:
        yield _made(service, "GET", path, address, connection, period=CHEAP, statuses=(status,), contains=contains)


def _of_users(service: str, url: str) -> Iterable[Lane]:
    if service not in _USERS:
        return
    method, path, query, status, contains = _USERS[service]
    address = f"{base_of(service, url)}{path if path != '/' else ''}{query}"
    for connection in _CONNECTIONS:
        yield _made(
            service,
            method,
            path,
            address,
            connection,
            period=WITH_TOKEN,
            statuses=(status,),
            contains=contains,
            token=True,
        )


def _made(service: str, method: str, path: str, url: str, connection: Connection, **more: Any) -> Lane:
    return Lane(service, method, path, url, connection, **more)
