"""What an API answers when it does not do what it was asked."""

from __future__ import annotations

import json
import re
from typing import Any

from pytest_whitebox.core.errors import StackproofError

_LONGEST = 300
_TAG = re.compile(r"<[^>]*>")


class ApiError(StackproofError):
    """A request that was refused or not answered; ``status`` is 0 if no answer came."""

    def __init__(self, service: str, asked: str, status: int, words: str, request_id: str = "") -> None:
        answered = f"answered {status}: {words}" if status else f"gave no answer: {words}"
        hint = f"look for {request_id} in its logs" if request_id else f"look at the logs of {service}"
        super().__init__(f"{service} {asked} {answered}", hint=hint)
        self.service, self.status, self.words, self.request_id = service, status, words, request_id

    @property
    def absent(self) -> bool:
        """True if what was asked for is not there."""
        return self.status in (404, 410)

    @property
    def held(self) -> bool:
        """True if something else, or a task that has not ended, is in the way; Cinder says 400 for that."""
        return self.status == 409 or (self.status == 400 and self.service == "block-storage")


def words_of(text: str) -> str:
    """The sentence in the body of an answer, whichever service it comes from.

    >>> words_of('{"NeutronError": {"type": "NetworkInUse", "message": "Network n is in use.", "detail": ""}}')
    'Network n is in use.'
    >>> words_of("<html><body><h1>403 Forbidden</h1>You are not allowed.</body></html>")
    '403 Forbidden You are not allowed.'
    """
    try:
        said = _message(json.loads(text)) or text
    except ValueError:
        said = _TAG.sub(" ", text)
    return " ".join(said.split())[:_LONGEST] or "no reason"


def _message(body: Any) -> str:
    if isinstance(body, str):
        return body
    if isinstance(body, dict):
        for name in ("message", "faultstring", "description", "detail", "title"):
            if isinstance(body.get(name), str) and body[name]:
                return str(body[name])
        return next((found for value in body.values() if (found := _message(value))), "")
    return next((found for value in body if (found := _message(value))), "") if isinstance(body, list) else ""
