"""Where a service tells of itself to anybody."""

from __future__ import annotations

import re

#: Where the version begins in the URL of an endpoint.
_VERSION = re.compile(r"/v\d")


def root_of(url: str) -> str:
    """The address above all versions and projects, which needs no token; of Swift its discovery.

    >>> root_of("http://a:8080/v1/AUTH_1"), root_of("http://a:8776/v3/1f"), root_of("http://a/compute/v2.1")
    ('http://a:8080/info', 'http://a:8776/', 'http://a/compute/')
    """
    base, found, _ = url.partition("/v1/AUTH_")
    return f"{base}/info" if found else f"{_VERSION.split(url)[0].rstrip('/')}/"
