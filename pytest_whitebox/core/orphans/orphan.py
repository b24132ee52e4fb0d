"""Something that has outlived what it was for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Orphan:
    """``id`` is that of the owner that it had, in the API that does not have it any more.

    >>> str(Orphan("domain", "3f9a", "compute1", "server"))
    'domain of server 3f9a on compute1'
    """

    kind: str
    id: str
    host: str
    owner: str

    def __str__(self) -> str:
        return f"{self.kind} of {self.owner} {self.id} on {self.host}"
