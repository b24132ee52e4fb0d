"""The public doors of a cloud's APIs, all at HAProxy: their addresses, and whom a client must trust there."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from devcloud.state import Settings, State
from devcloud.topology import Topology

#: Where a host keeps the certificate of the cloud's authority.
CA_ON_HOST = "/etc/devcloud/ca.pem"


@dataclass(frozen=True, slots=True)
class Doors:
    """Where the APIs are; ``ca`` is the authority that signed their certificate, None where they speak plain HTTP.

    >>> Doors(IPv4Address("10.213.77.11")).url(5000, "/v3")
    'http://10.213.77.11:5000/v3'
    >>> Doors(IPv4Address("10.213.77.11"), Path("ca.pem")).url(8774)
    'https://10.213.77.11:8774'
    """

    address: IPv4Address
    ca: Path | None = None

    @classmethod
    def of(cls, state: State, settings: Settings) -> Doors:
        """The doors of the cloud that the settings describe."""
        return cls(Topology(settings.subnet).controller.mgmt, state.authority / "ca.pem" if settings.tls else None)

    @property
    def scheme(self) -> str:
        """``http`` or ``https``."""
        return "https" if self.ca else "http"

    def url(self, port: int, path: str = "") -> str:
        """The address of one door."""
        return f"{self.scheme}://{self.address}:{port}{path}"
