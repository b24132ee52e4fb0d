"""Where a Gearman server is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Where a Gearman server is; with all three files the connection is TLS with certificates on both ends.

    >>> str(Place("127.0.0.1"))
    '127.0.0.1:4730'
    """

    host: str
    port: int = 4730
    key: str | None = None
    certificate: str | None = None
    authority: str | None = None

    @property
    def is_tls(self) -> bool:
        """True if all three files are named."""
        return bool(self.key and self.certificate and self.authority)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"
