"""Hearing every request of a process: keystoneauth's sessions and Tempest's clients are wrapped for a while."""

from __future__ import annotations

import functools
import importlib.util
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from pytest_cleanup.attribution.exchange import Exchange

_HEADER = "X-OpenStack-Request-ID"

#: Hears of each exchange that changes something.
Heard = Callable[[Exchange], None]
#: The request id to send, which may be another one for each request.
RequestId = Callable[[], str]


@contextmanager
def tapped(heard: Heard, request_id: RequestId) -> Iterator[None]:
    """Send the id with each request and hear of those that change something; afterwards all is as it was."""
    with ExitStack() as stack:
        for library, wrap in (("keystoneauth1", _keystoneauth), ("tempest", _tempest)):
            if importlib.util.find_spec(library):
                stack.enter_context(wrap(heard, request_id))
        yield


@contextmanager
def _replaced(owner: type, name: str, new: Callable[..., Any]) -> Iterator[None]:
    """A method of a class is another one for a while; if somebody replaced it meanwhile, theirs stays."""
    old = getattr(owner, name)
    wrapped = functools.wraps(old)(new)
    setattr(owner, name, wrapped)
    try:
        yield
    finally:
        if getattr(owner, name) is wrapped:
            setattr(owner, name, old)


@contextmanager
def _keystoneauth(heard: Heard, request_id: RequestId) -> Iterator[None]:
    """Sessions of keystoneauth, which openstacksdk and all python-…client libraries send through."""
    from keystoneauth1.exceptions import HttpError
    from keystoneauth1.session import Session

    old = Session.request

    def request(session: Any, url: str, method: str, *words: Any, **options: Any) -> Any:
        options["headers"] = {_HEADER: request_id(), **(options.get("headers") or {})}
        try:
            answer = old(session, url, method, *words, **options)
        except HttpError as error:
            if error.response is not None:
                _tell(heard, _of_session, session, options, error.response)
            raise
        _tell(heard, _of_session, session, options, answer)
        return answer

    with _replaced(Session, "request", request):
        yield


@contextmanager
def _tempest(heard: Heard, request_id: RequestId) -> Iterator[None]:
    """Tempest's own clients, which speak HTTP themselves."""
    from tempest.lib.common.rest_client import RestClient

    old = RestClient.raw_request

    def raw_request(client: Any, url: str, method: str, headers: Any = None, *words: Any, **options: Any) -> Any:
        sent = {**(client.get_headers() if headers is None else headers)}
        sent.setdefault(_HEADER, request_id())
        answer, body = old(client, url, method, sent, *words, **options)
        sent_body = words[0] if words else options.get("body")
        _tell(heard, _of_client, client, url, method, answer, body, sent_body)
        return answer, body

    with _replaced(RestClient, "raw_request", raw_request):
        yield


def _tell(heard: Heard, read: Callable[..., Exchange | None], *what: Any) -> None:
    """What we cannot make anything of is not to fail the request of a test."""
    try:
        exchange = read(*what)
        if exchange is not None and exchange.changes:
            heard(exchange)
    except Exception as error:  # noqa: BLE001 -- the request itself has gone well
        warnings.warn(f"a request could not be written down: {type(error).__name__}: {error}", stacklevel=3)


def _of_session(session: Any, options: Any, answer: Any) -> Exchange | None:
    request = answer.request
    if request.method in ("GET", "HEAD"):
        return None
    access = _access(session, options)
    service = (options.get("endpoint_filter") or {}).get("service_type") or _in_catalog(access, request.url)
    text = "" if options.get("stream") else answer.text
    return Exchange(
        request.method, request.url, _official(service), answer.status_code, answer.headers, text, _text(request.body),
        getattr(access, "project_id", None) or "", getattr(access, "user_id", None) or "",
    )  # fmt: skip


def _access(session: Any, options: Any) -> Any:
    """What the token says that was sent; no new one is asked for."""
    return getattr(options.get("auth") or session.auth, "auth_ref", None)


def _in_catalog(access: Any, url: str) -> str:
    """The service whose endpoint an address begins with; empty if the catalog has none.

    >>> from types import SimpleNamespace as Some
    >>> catalog = [{"type": "image", "endpoints": [{"url": "http://glance:9292"}]}]
    >>> _in_catalog(Some(service_catalog=Some(catalog=catalog)), "http://glance:9292/v2/images")
    'image'
    """
    catalog = getattr(getattr(access, "service_catalog", None), "catalog", None) or ()
    found = [
        (len(endpoint["url"]), service["type"])
        for service in catalog for endpoint in service.get("endpoints", ()) if url.startswith(endpoint.get("url", " "))
    ]  # fmt: skip
    return max(found, default=(0, ""))[1]


def _of_client(client: Any, url: str, method: str, answer: Any, body: Any, sent: Any) -> Exchange:
    credentials = getattr(client.auth_provider, "credentials", None)
    return Exchange(
        method.upper(), url, _official(client.service or ""), int(answer["status"]), answer, _text(body), _text(sent),
        getattr(credentials, "project_id", None) or "", getattr(credentials, "user_id", None) or "",
    )  # fmt: skip


def _text(body: Any) -> str:
    """A body as text; what is no text, such as the bytes of an image, is of no interest."""
    if isinstance(body, bytes):
        return body.decode(errors="replace") if body[:1] in (b"{", b"[") else ""
    return body if isinstance(body, str) else ""


@functools.cache
def _official(service: str) -> str:
    """The official name of a service type, such as ``block-storage`` for ``volumev3``."""
    from os_service_types import ServiceTypes

    return ServiceTypes().get_service_type(service, permissive=True) or service
