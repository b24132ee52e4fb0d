"""The phases of an upgrade."""

from __future__ import annotations

from enum import StrEnum


class Phase(StrEnum):
    """Before the upgrade, beside it, and after it.

    >>> Phase("pre") is Phase.PRE
    True
    """

    PRE = "pre"
    DURING = "during"
    POST = "post"
