"""A cloud as an administrator sees it: what there is of something, each look at the cloud once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

from pytest_cleanup.apis import Apis
from pytest_cleanup.errors import ApiError
from pytest_cleanup.grants import Grants
from pytest_cleanup.once import Once
from pytest_cleanup.pace import Pace

if TYPE_CHECKING:
    from keystoneauth1.session import Session

S = TypeVar("S")
T = TypeVar("T")


class View(Apis):
    """``rows`` gives all there are of something, of all projects; it is listed once, until the view is ``fresh``."""

    def __init__(
        self, session: Session, region: str | None = None, interface: str = "public", pace: Pace | None = None
    ) -> None:
        super().__init__(session, region, interface, pace or Pace())
        #: What is found once in each look at the cloud, and what is found once for all looks.
        self.once, self.forever = Once(), Once()

    def close(self) -> None:
        """Leave the cloud as it was found."""
        if "grants" in self.forever:
            self.grants.close()

    def __enter__(self) -> View:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def grants(self) -> Grants:
        """The roles that we give ourselves while we look."""
        return self.forever("grants", lambda: Grants(self))

    @property
    def extensions(self) -> frozenset[str]:
        """The aliases of Neutron's extensions."""
        told = self.forever("extensions", lambda: self.get("network", "/extensions"))
        return frozenset(one["alias"] for one in told["extensions"])

    def within(self, **scope: Any) -> View:
        """The same cloud in another scope in which we have a role: ``project_id``, or ``system_scope``."""
        from keystoneauth1.identity.v3 import Token
        from keystoneauth1.session import Session

        other = self.fresh()
        auth = Token(self.auth_url, self._session.get_token(), **scope)
        session = Session(auth, session=self._session.session, verify=self._session.verify, cert=self._session.cert)
        other._session, other._roots = session, {}
        other.__dict__.pop("access", None)
        assert other.access.auth_token  # noqa: S101 -- asked here, so that no thread has to
        return other

    def resold(self, project: str) -> View:
        """The same view with the account of another project in Swift, for an administrator of its reseller."""
        other = copy(self)
        own = str(self._root("object-store"))
        other._roots = {**self._roots, "object-store": own.replace(self.project, project)}
        return other

    def fresh(self) -> View:
        """The same view, which has not listed anything yet."""
        other = copy(self)
        other.once = Once()
        return other

    def each(self, items: Iterable[S], ask: Callable[[S], T]) -> list[T]:
        """The answers for all items, many at the same time, in their order."""
        with ThreadPoolExecutor(self.pace.at_once) as pool:
            return list(pool.map(ask, items))

    def rows(
        self, service: str, path: str, key: str, version: str | None = None, headers: Mapping[str, str] | None = None,
        **params: Any,
    ) -> list[Any]:  # fmt: skip
        """All entries of a collection, page by page, each look at the cloud once; raises rather than leave some out."""
        name = (service, path, version, tuple(sorted(params.items())))
        return self.once(name, lambda: list(self._pages(service, path, key, version, params, headers)))

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
