"""A sign of a service's health."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sign:
    """What one check has found; ``ok`` is None where it could not be made.

    >>> print(Sign("compute", "nova-compute", False, "is down", "compute1"))
    compute: nova-compute on compute1 is down
    """

    service: str
    check: str
    ok: bool | None
    said: str
    host: str = ""

    def __str__(self) -> str:
        where = f" on {self.host}" if self.host else ""
        return f"{self.service}: {self.check}{where} {self.said}"
