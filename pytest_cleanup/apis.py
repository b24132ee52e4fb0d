"""The APIs of a cloud, asked in plain REST on one session: counted, paced, and each refusal one sentence."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pytest_cleanup.endpoints import VERSIONS, Microversion, with_version
from pytest_cleanup.errors import ApiError, words_of
from pytest_cleanup.once import Once
from pytest_cleanup.pace import Pace
from pytest_whitebox.core.errors import plain

if TYPE_CHECKING:
    from keystoneauth1.session import Session

_PATIENCE = 60  # seconds for one answer
_AGAIN = (429, 502, 503, 504)


class Apis:
    """``get``, ``post`` and the like ask a service by its type; `ApiError` is what it refuses.

    ``calls`` tells how often each service was asked, ``clocks`` by how many seconds its clock is ahead of ours.
    """

    def __init__(self, session: Session, region: str | None, interface: str, pace: Pace) -> None:
        self._session: Any = session
        self.region, self.interface = region or None, interface
        self.calls: Counter[str] = Counter()
        self.clocks: dict[str, float] = {}
        self.pace, self._counting = pace, Lock()
        self._roots: dict[str, str | None] = {}
        self._newest = Once()

    @cached_property
    def access(self) -> Any:
        """What Keystone says of who we are: keystoneauth's access information."""
        return self._session.auth.get_access(self._session)

    @property
    def project(self) -> str:
        """The id of the project that the session is scoped to; empty for another scope."""
        return self.access.project_id or ""

    @property
    def auth_url(self) -> str:
        """Where Keystone is."""
        return str(self._session.auth.auth_url)

    def set_clock(self) -> None:
        """Learn what time it is in the cloud: when Keystone says that it issued a new token."""
        self._session.invalidate()
        self.__dict__.pop("access", None)
        self._count("identity")
        self.clocks["identity"] = self.access.issued.timestamp() - time.time()

    def has(self, service: str) -> bool:
        """True if the catalog has a service of this type, by any of its names."""
        return self._root(service) is not None

    def get(
        self, service: str, path: str, version: str | None = None, headers: Mapping[str, str] | None = None,
        **params: Any,
    ) -> Any:  # fmt: skip
        """The body of an answer, as JSON's types."""
        return self.ask("GET", service, path, version=version, params=params, headers=headers).json()

    def post(self, service: str, path: str, body: Any, version: str | None = None) -> Any:
        """Send something, and give the body of the answer; None if it has none."""
        return _body(self.ask("POST", service, path, version=version, json=body))

    def put(self, service: str, path: str, body: Any = None, version: str | None = None) -> Any:
        """Replace something, and give the body of the answer; None if it has none."""
        return _body(self.ask("PUT", service, path, version=version, json=body))

    def patch(self, service: str, path: str, body: Any, version: str | None = None, **headers: str) -> Any:
        """Change something, and give the body of the answer; None if it has none."""
        return _body(self.ask("PATCH", service, path, version=version, json=body, headers=headers))

    def delete(
        self, service: str, path: str, version: str | None = None, headers: Mapping[str, str] | None = None,
        **params: Any,
    ) -> None:  # fmt: skip
        """Delete something; that it is gone already is no error."""
        try:
            self.ask("DELETE", service, path, version=version, params=params, headers=headers)
        except ApiError as error:
            if not error.absent:
                raise

    def absent(self, service: str, path: str, version: str | None = None) -> bool:
        """True if there is nothing at this path."""
        try:
            self.ask("GET", service, path, version=version)
        except ApiError as error:
            if error.absent:
                return True
            raise
        return False

    def ask(self, method: str, service: str, path: str, *, version: str | None = None, **words: Any) -> Any:
        """One request; the answer is keystoneauth's, below 400, or else an `ApiError`."""
        root = self._root(service)
        asked = f"{method} {path.partition('?')[0]}"
        if root is None:
            raise ApiError(service, asked, 0, "the cloud has no such service")
        headers = {"Accept": "application/json", **(words.pop("headers", None) or {})}
        spoken = self._speak(service, version)
        return self._send(
            service, asked, root + path, method, timeout=_PATIENCE, headers=headers, connect_retries=1,
            microversion=spoken, microversion_service_type=service,
            status_code_retries=2, retriable_status_codes=_AGAIN, **words,
        )  # fmt: skip

    def _send(self, service: str, asked: str, url: str, method: str, **words: Any) -> Any:
        from keystoneauth1.exceptions import ClientException

        self._count(service)
        try:
            with self.pace:
                answer = self._session.request(url, method, raise_exc=False, **words)
        except ClientException as error:
            raise ApiError(service, asked, 0, plain(error)) from error
        if told := answer.headers.get("Date"):
            self.clocks[service] = parsedate_to_datetime(told).timestamp() - time.time()
        if answer.status_code >= 400:
            request_id = answer.headers.get("x-openstack-request-id", "")
            raise ApiError(service, asked, answer.status_code, words_of(answer.text), request_id)
        return answer

    def _root(self, service: str) -> str | None:
        if service not in self._roots:
            found = self.access.service_catalog.get_endpoints_data(
                service_type=service, interface=self.interface, region_name=self.region
            )
            urls = [one.url for data in found.values() for one in data if one.url]
            self._roots[service] = with_version(urls[0], VERSIONS.get(service, "")) if urls else None
        return self._roots[service]

    def _speak(self, service: str, version: str | None) -> str | None:
        """The microversion asked for, or the newest there is if that is older."""
        if version is None:
            return None
        newest = self._newest(service, lambda: self._told_newest(service))
        return str(min(Microversion.of(version), newest)) if newest else None

    def _told_newest(self, service: str) -> Microversion | None:
        parts = urlsplit(str(self._root(service)))
        path = f"{parts.path.removesuffix(f'/{self.project}').rstrip('/')}/"
        answer = self._send(service, f"GET {path}", f"{parts.scheme}://{parts.netloc}{path}", "GET", timeout=_PATIENCE)
        body = answer.json()
        told = [body["version"]] if "version" in body else body.get("versions", [])
        newest = [one.get("version") or one.get("max_version") for one in told]
        return max((Microversion.of(one) for one in newest if one), default=None)

    def _count(self, service: str) -> None:
        with self._counting:
            self.calls[service] += 1


def _body(answer: Any) -> Any:
    return answer.json() if answer.content and "json" in answer.headers.get("Content-Type", "") else None
