"""Where the versions of APIs are in their addresses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

#: The version that we speak with services whose endpoints do not always name one.
VERSIONS: Mapping[str, str] = MappingProxyType(
    {
        "baremetal": "v1",
        "dns": "v2",
        "identity": "v3",
        "image": "v2",
        "key-manager": "v1",
        "load-balancer": "v2",
        "network": "v2.0",
    }
)
_VERSION = re.compile(r"/v\d+(\.\d+)?(/|$)")


class Microversion(NamedTuple):
    """A microversion, in its order.

    >>> Microversion.of("2.9") < Microversion.of("2.69")
    True
    >>> str(Microversion.of("2.69"))
    '2.69'
    """

    major: int
    minor: int

    @classmethod
    def of(cls, text: str) -> Microversion:
        """Parse ``2.69``."""
        major, _, minor = text.partition(".")
        return cls(int(major), int(minor or 0))

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


def with_version(url: str, version: str) -> str:
    """An endpoint with the version in it.

    >>> with_version("http://neutron:9696/", "v2.0"), with_version("http://nova/v2.1/", "v2.0")
    ('http://neutron:9696/v2.0', 'http://nova/v2.1')
    """
    plain = url.rstrip("/")
    return plain if not version or _VERSION.search(plain) else f"{plain}/{version}"
