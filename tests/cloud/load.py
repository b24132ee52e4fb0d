"""Requests without an SDK, one after the other on connections of their own: whatever fails is seen."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; ``status`` is 0 and ``failure`` says why if nothing did."""

    status: int
    request_id: str = ""
    failure: str = ""

    @property
    def ok(self) -> bool:
        """True if the request was answered as it should be."""
        return 200 <= self.status < 400


@dataclass(frozen=True, slots=True)
class Probe:
    """One request that can be made again and again."""

    url: str
    ca: str | None = None
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None

    def __call__(self) -> Answer:
        """Make it, once, on a new connection."""
        where = urlsplit(self.url)
        host, port = str(where.hostname), int(where.port or 0)
        connection = (
            http.client.HTTPSConnection(host, port, timeout=30, context=ssl.create_default_context(cafile=self.ca))
            if where.scheme == "https"
            else http.client.HTTPConnection(host, port, timeout=30)
        )
        try:
            target = f"{where.path or '/'}{'?' if where.query else ''}{where.query}"
            connection.request(self.method, target, self.body, dict(self.headers))
            answer = connection.getresponse()
            answer.read()
            return Answer(answer.status, answer.headers.get("X-Openstack-Request-Id", ""))
        except (OSError, http.client.HTTPException) as error:
            return Answer(0, failure=f"{type(error).__name__}: {error}")
        finally:
            connection.close()


@contextmanager
def under_load(probe: Probe, threads: int = 2) -> Iterator[list[Answer]]:
    """Make the request again and again from several threads; the answers are complete after the context."""
    answers: list[Answer] = []
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            answers.append(probe())

    workers = [threading.Thread(target=ask) for _ in range(threads)]
    for worker in workers:
        worker.start()
    try:
        yield answers
    finally:
        over.set()
        for worker in workers:
            worker.join()


def probes(cloud: Any) -> dict[str, Probe]:
    """An authenticated read of each API and a token from Keystone, by service; ``cloud`` is openstacksdk's."""
    config = cloud.config.config
    ca, token = config.get("cacert"), {"X-Auth-Token": cloud.auth_token}
    paths = {
        "nova-api": ("compute", "/servers"),
        "placement-api": ("placement", "/resource_providers"),
        "glance-api": ("image", "/v2/images"),
        "neutron-api": ("network", "/v2.0/networks"),
        "cinder-api": ("block-storage", "/volumes/detail"),
        "swift-proxy": ("object-store", ""),
    }
    found = {}
    for service, (kind, path) in paths.items():
        endpoint = str(cloud.session.get_endpoint(service_type=kind, interface="public")).rstrip("/")
        if kind == "block-storage" and not endpoint.endswith(cloud.current_project_id):
            endpoint += f"/{cloud.current_project_id}"
        found[service] = Probe(endpoint + path, ca, headers=token)
    return {"keystone-api": _login(config, ca), **found}


def _login(config: Mapping[str, Any], ca: str | None) -> Probe:
    auth = config["auth"]
    domain = {"name": "Default"}
    user = {"name": auth["username"], "password": auth["password"], "domain": domain}
    identity = {"methods": ["password"], "password": {"user": user}}
    body = {"auth": {"identity": identity, "scope": {"project": {"name": auth["project_name"], "domain": domain}}}}
    return Probe(
        f"{auth['auth_url']}/auth/tokens", ca, "POST", {"Content-Type": "application/json"}, json.dumps(body).encode()
    )
