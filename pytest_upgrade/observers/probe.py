"""What people call the lanes of one request."""

from __future__ import annotations

from dataclasses import dataclass

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class Probe:
    """A request that is sent again and again: ``GET compute /servers``.

    >>> Probe.from_text("GET compute /servers").service
    'compute'
    """

    method: str
    service: str
    path: str

    @property
    def operation(self) -> str:
        """As lanes call it."""
        return f"{self.method} {self.service} {self.path}"

    @classmethod
    def from_text(cls, text: str) -> Probe:
        """Parse a method, a service type and a path; raises `ValueError` for anything else."""
        words = text.split() if isinstance(text, str) else []
        if len(words) != 3 or words[0] not in _METHODS or not words[2].startswith("/"):
            raise ValueError(f"{text!r} is no probe: write METHOD SERVICE /PATH, as in 'GET compute /servers'")
        return cls(*words)
