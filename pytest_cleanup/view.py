"""A cloud as an administrator sees it: plain REST on one session, counted, paced, and paged to the end."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from email.utils import parsedate_to_datetime
from functools import cached_property
from threading import Lock, RLock
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

from pytest_cleanup.endpoints import VERSIONS, Microversion, with_version
from pytest_cleanup.errors import ApiError, words_of
from pytest_cleanup.grants import Grants
from pytest_cleanup.pace import Pace
from pytest_whitebox.core.errors import StackproofError

if TYPE_CHECKING:
    from keystoneauth1.session import Session

S = TypeVar("S")
T = TypeVar("T")

_PATIENCE = 60  # seconds for one answer
_CONNECTIONS = 64
_SIDE_BY_SIDE = 8  # requests of one kind
_AGAIN = (429, 502, 503, 504)


class View:
    """``get``, ``post`` and the like ask a service by its type; ``rows`` gives all there are of something.

    ``project`` is the project that the session is scoped to.
    """

    def __init__(self, session: Session, region: str | None = None, interface: str = "public", rate: float = 0) -> None:
        self._session: Any = session
        _widen(self._session.session)
        self.region, self.interface = region or None, interface
        self._pace, self._lock = Pace(rate), RLock()
        #: How often each service was asked.
        self.calls: Counter[str] = Counter()
        #: By how many seconds the clock of each service is ahead of ours.
        self.clocks: dict[str, float] = {}
        self._seen: dict[object, Any] = {}
        self._doors: dict[object, Lock] = {}
        self._facts: dict[str, Any] = {}
        self._roots: dict[str, str | None] = {}
        self._spoken: dict[str, Microversion | None] = {}

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

    def close(self) -> None:
        """Leave the cloud as it was found."""
        if "grants" in self._facts:
            self.grants.close()

    def __enter__(self) -> View:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def grants(self) -> Grants:
        """The roles that we give ourselves while we look."""
        return self.forever("grants", lambda: Grants(self))

    def within(self, project: str) -> View:
        """The same cloud as a user of a project in which we have a role."""
        from keystoneauth1.identity.v3 import Token
        from keystoneauth1.session import Session

        other = copy(self)
        auth = Token(self.auth_url, self._session.get_token(), project_id=project)
        session = Session(auth, session=self._session.session, verify=self._session.verify, cert=self._session.cert)
        other._session, other._roots, other._seen, other._doors = session, {}, {}, {}
        other.__dict__.pop("access", None)
        assert other.access.auth_token  # noqa: S101 -- asked here, so that no thread has to
        return other

    def resold(self, project: str) -> View:
        """The same view with the account of another project in Swift, for an administrator of its reseller."""
        other = copy(self)
        own = str(self._root("object-store"))
        other._roots = {**self._roots, "object-store": own.replace(self.project, project)}
        return other

    def forever(self, name: str, find: Callable[[], T]) -> T:
        """What ``find`` gives, which is found once for all looks."""
        with self._lock:
            if name not in self._facts:
                self._facts[name] = find()
            found: T = self._facts[name]
            return found

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

    def fresh(self) -> View:
        """The same view, which has not listed anything yet."""
        other = copy(self)
        other._seen, other._doors = {}, {}
        return other

    @property
    def extensions(self) -> frozenset[str]:
        """The aliases of Neutron's extensions."""
        told = self.forever("extensions", lambda: self.get("network", "/extensions"))
        return frozenset(one["alias"] for one in told["extensions"])

    def rows(
        self, service: str, path: str, key: str, version: str | None = None, headers: Mapping[str, str] | None = None,
        **params: Any,
    ) -> list[Any]:  # fmt: skip
        """All entries of a collection, page by page, each look at the cloud once; raises rather than leave some out."""
        name = (service, path, version, tuple(sorted(params.items())))
        return self.once(name, lambda: list(self._pages(service, path, key, version, params, headers)))

    def once(self, name: object, find: Callable[[], T]) -> T:
        """What ``find`` gives, which is found once in each look at the cloud, by whichever thread comes first."""
        with self._lock:
            door = self._doors.setdefault(name, Lock())
        with door:
            if name not in self._seen:
                self._seen[name] = find()
            found: T = self._seen[name]
            return found

    def each(self, items: Iterable[S], ask: Callable[[S], T]) -> list[T]:
        """The answers for all items, some at the same time, in their order."""
        with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
            return list(pool.map(ask, items))

    def _pages(
        self, service: str, path: str, key: str, version: str | None, params: Mapping[str, Any],
        headers: Mapping[str, str] | None,
    ) -> Iterator[Any]:  # fmt: skip
        known: set[tuple[tuple[str, str], ...]] = set()
        query: Mapping[str, Any] | None = params
        while query is not None:
            body = self.get(service, path, version, headers, **query)
            if not isinstance(body, dict) or not isinstance(body.get(key), list):
                raise ApiError(service, f"GET {path}", 200, f"without a list of {key}")
            yield from body[key]
            following = _next(body, key)
            query = {**params, **dict(following)} if following else None
            if following in known:
                raise ApiError(service, f"GET {path}", 200, "a next page that is the one before")
            known.add(following)

    def ask(self, method: str, service: str, path: str, *, version: str | None = None, **words: Any) -> Any:
        """One request; the answer is keystoneauth's, below 400, or else an `ApiError`."""
        from keystoneauth1.exceptions import ClientException

        root = self._root(service)
        asked = f"{method} {path.partition('?')[0]}"
        if root is None:
            raise ApiError(service, asked, 0, "the cloud has no such service")
        spoken = self._speak(service, version)
        self._pace.take()
        self._count(service)
        headers = {"Accept": "application/json", **(words.pop("headers", None) or {})}
        try:
            answer = self._session.request(
                root + path, method, raise_exc=False, timeout=_PATIENCE, headers=headers, connect_retries=1,
                microversion=spoken, microversion_service_type=service,
                status_code_retries=2, retriable_status_codes=_AGAIN, **words,
            )  # fmt: skip
        except ClientException as error:
            raise ApiError(service, asked, 0, str(error).strip() or type(error).__name__) from error
        self._look_at_clock(service, answer)
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
        with self._lock:
            if service not in self._spoken:
                self._spoken[service] = self._newest(service)
        newest = self._spoken[service]
        return str(min(Microversion.of(version), newest)) if newest else None

    def _newest(self, service: str) -> Microversion | None:
        root = str(self._root(service))
        self._count(service)
        parts = urlsplit(root)
        path = parts.path.removesuffix(f"/{self.project}").rstrip("/")
        answer = self._session.get(f"{parts.scheme}://{parts.netloc}{path}/", raise_exc=False, timeout=_PATIENCE)
        if answer.status_code >= 400:
            raise ApiError(service, f"GET {path}/", answer.status_code, words_of(answer.text))
        body = answer.json()
        told = [body["version"]] if "version" in body else body.get("versions", [])
        newest = [one.get("version") or one.get("max_version") for one in told]
        return max((Microversion.of(one) for one in newest if one), default=None)

    def _count(self, service: str) -> None:
        with self._lock:
            self.calls[service] += 1

    def _look_at_clock(self, service: str, answer: Any) -> None:
        told = answer.headers.get("Date")
        if told:
            self.clocks[service] = parsedate_to_datetime(told).timestamp() - time.time()


def connect(cloud: str | None, rate: float = 0) -> View:
    """The cloud of this name in clouds.yaml, or of the OS_* variables; `StackproofError` if it lets us not in."""
    import openstack.config
    from keystoneauth1.exceptions import ClientException
    from openstack.exceptions import SDKException

    try:
        region: Any = openstack.config.OpenStackConfig(app_name="stackproof").get_one(cloud=cloud)
        view = View(region.get_session(), region.get_region_name(), region.get_interface() or "public", rate)
        view.set_clock()
        view.grants  # noqa: B018 -- what a run that was killed had is taken back
    except (ClientException, SDKException) as error:
        words = (str(error).strip() or type(error).__name__).splitlines()[0]
        named = f"--os-cloud {cloud} " if cloud else ""
        hint = f"see that `openstack {named}token issue` works from here"
        raise StackproofError(f"cloud {cloud or 'of OS_*'} cannot be used: {words}", hint=hint) from error
    return view


def _widen(session: Any) -> None:
    """As many connections to each service as there are threads that may use them."""
    for adapter in session.adapters.values():
        adapter.init_poolmanager(_CONNECTIONS, _CONNECTIONS)


def _body(answer: Any) -> Any:
    return answer.json() if answer.content and "json" in answer.headers.get("Content-Type", "") else None


def _next(body: Mapping[str, Any], key: str) -> tuple[tuple[str, str], ...]:
    """The query of the next page; services have three ways to tell it.

    >>> links = [{"rel": "next", "href": "http://nova/servers?marker=a&limit=1"}]
    >>> _next({"servers": [1], "servers_links": links}, "servers")
    (('marker', 'a'), ('limit', '1'))
    >>> _next({"zones": [1], "links": {"self": "http://x", "next": "http://x/zones?marker=b"}}, "zones")
    (('marker', 'b'),)
    >>> _next({"images": [], "next": "/v2/images?marker=c"}, "images")
    ()
    """
    if not body[key]:
        return ()
    links = body.get(f"{key}_links") or body.get(f"{key.removesuffix('s')}_links") or body.get("links") or {}
    if isinstance(links, list):
        links = {one.get("rel"): one.get("href") for one in links}
    address = links.get("next") or body.get("next")
    return tuple(parse_qsl(urlsplit(address).query)) if address else ()
