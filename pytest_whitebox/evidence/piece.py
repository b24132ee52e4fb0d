"""A piece of evidence: a file that tells why if it cannot be had."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

#: How a piece begins that could not be had.
LOST = "could not be collected: "


@dataclass(frozen=True, slots=True)
class Piece:
    """The name of its file, and the look that gives its text; an empty one is left out."""

    name: str
    look: Callable[[], str]


def told(piece: Piece) -> str:
    """The text of a piece.

    >>> told(Piece("shown", lambda: "all of it")), told(Piece("lost", lambda: {}["x"]))
    ('all of it', "could not be collected: KeyError: 'x'\\n")
    """
    try:
        return piece.look()
    except Exception as error:  # noqa: BLE001 -- a test's own failure must be told, not that of its evidence
        return f"{LOST}{type(error).__name__}: {error}\n"


def as_json(found: Any) -> str:
    """Facts as text; an empty one for nothing."""
    return json.dumps(found, indent=2, default=str) + "\n" if found else ""
