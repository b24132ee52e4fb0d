"""Requests to the monitor, and to callbacks: JSON there and back, no redirects, and few kinds of failure."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, HTTPSHandler, ProxyHandler, Request, build_opener

from pytest_whitebox.core.errors import StackproofError

_PATIENCE = 20.0  # seconds for an answer
_LARGEST = 64 * 1024 * 1024


class Away(StackproofError):
    """Nobody answers, or the other side has failed itself; the same may go through later."""


class Refusal(StackproofError):
    """The other side has understood, and does not want to; ``code`` is HTTP's."""

    def __init__(self, code: int, message: str, *, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.code = code


class _Staying(HTTPRedirectHandler):
    """Follows nobody: what is sent may not be for another."""

    def redirect_request(self, *_: object) -> None:
        """None: the answer that sends elsewhere is itself the result."""
        return


def post(url: str, body: bytes, patience: float = 5.0) -> None:
    """Send JSON somewhere, without a token; raises `Away` or `Refusal`."""
    _sent(Request(url, data=body, headers={"Content-Type": "application/json"}), None, patience)  # noqa: S310


def fetched(url: str, most: int, patience: float = 30.0) -> bytes:
    """What is at an address, at most so many bytes of it; raises `Away` or `Refusal`."""
    data = _sent(Request(url), None, patience, most + 1)  # noqa: S310 -- its caller has looked where it leads
    if len(data) > most:
        raise Refusal(
            200, f"what is at {urlsplit(url).netloc} is larger than {most} bytes", hint="give another address"
        )
    return data


@dataclass(frozen=True)
class Asking:
    """Where the monitor is, who asks, and the authority that is trusted beside the system's."""

    url: str
    token: str = field(default="", repr=False)
    authority: Path | None = None

    def __post_init__(self) -> None:
        if urlsplit(self.url).scheme not in ("http", "https"):
            raise StackproofError(f"{self.url} is no address of a monitor", hint="write http://… or https://…")

    def get(self, path: str, **query: object) -> Any:
        """Raises `Away` or `Refusal`."""
        return self._ask("GET", f"{path}?{urlencode(query)}" if query else path, None)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Raises `Away` or `Refusal`."""
        return self._ask("POST", path, body)

    def delete(self, path: str) -> Any:
        """Raises `Away` or `Refusal`."""
        return self._ask("DELETE", path, None)

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        data = json.dumps(body).encode() if body is not None else None
        url = self.url.rstrip("/") + path
        request = Request(url, data=data, headers=headers, method=method)  # noqa: S310 -- see __post_init__
        context = ssl.create_default_context(cafile=str(self.authority)) if self.authority else None
        answer = _sent(request, context, _PATIENCE)
        try:
            return json.loads(answer)
        except ValueError:
            raise Refusal(200, f"{self.url} does not answer as a monitor does", hint="see $WORKER_URL") from None


def _sent(request: Request, context: ssl.SSLContext | None, patience: float, most: int = _LARGEST) -> bytes:
    place = f"{request.type}://{request.host}"
    more = [ProxyHandler({})] if request.host.startswith("127.") else []
    opener = build_opener(_Staying, HTTPSHandler(context=context), *more)
    try:
        with opener.open(request, timeout=patience) as answer:
            return bytes(answer.read(most))
    except HTTPError as error:
        with error:
            said = _title(error)
        if error.code >= 500 or error.code == 429:
            raise Away(f"{place} has failed: {error.code} {said}", hint="see its log") from None
        raise Refusal(error.code, said, hint=_hint(error.code)) from None
    except (URLError, OSError, HTTPException) as error:
        why = getattr(error, "reason", error)
        said = getattr(why, "strerror", None) or str(why) or type(why).__name__
        raise Away(f"{place} cannot be reached: {said}", hint="see that it runs, and $WORKER_URL") from None


def _title(error: HTTPError) -> str:
    try:
        return str(json.loads(error.read(_LARGEST))["title"])
    except (ValueError, KeyError, TypeError, OSError, HTTPException):
        return error.reason


def _hint(code: int) -> str:
    known = {
        401: "name the file with your token in $WORKER_TOKEN_FILE",
        404: "see `list`",
        405: "have the monitor's keeper make a token for this host",
    }
    return known.get(code, "see its --help")
