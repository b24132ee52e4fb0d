"""What is said about one property of a machine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: whether it is as needed, a sentence about it, and the next step if it is not."""

    name: str
    ok: bool
    said: str
    hint: str = ""
