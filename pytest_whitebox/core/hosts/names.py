"""One host under the names that different parts of a cloud have for it: short, or with its domain."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping


def canonical(names: Iterable[str]) -> Mapping[str, str]:
    """For each name the first one that the same host has; earlier names come before later ones.

    A short name is that of the only host whose full name begins with it; if there are several, it is a host
    of its own.

    >>> canonical(["compute-0.example.org", "compute-0", "Compute-0", "net1"])
    {'compute-0.example.org': 'compute-0.example.org', 'compute-0': 'compute-0.example.org',
     'Compute-0': 'compute-0.example.org', 'net1': 'net1'}
    >>> canonical(["node.a.example", "node.b.example", "node"])["node"]
    'node'
    """
    listed = list(dict.fromkeys(names))
    keys = {name: _key(name, listed) for name in listed}
    first: dict[str, str] = {}
    for name in listed:
        first.setdefault(keys[name], name)
    return {name: first[keys[name]] for name in listed}


def _key(name: str, names: list[str]) -> str:
    lowered = name.lower()
    if _short(name) != lowered:
        return lowered
    longer = {one.lower() for one in names if one.lower() != lowered and _short(one) == lowered}
    return longer.pop() if len(longer) == 1 else lowered


def _short(name: str) -> str:
    """The first part of a name in lower case; an address has no parts."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name.partition(".")[0].lower()
    return name
