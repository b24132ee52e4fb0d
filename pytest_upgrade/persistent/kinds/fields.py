"""What several kinds share: records compared field by field, and things that are found by their id."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pytest_whitebox.core.wait import wait_for


def changed(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each field that has another value.

    >>> list(changed({"size": 1, "status": "in-use"}, {"size": 1, "status": "available", "new": 0}))
    ["status was 'in-use' and is 'available'"]
    """
    for name, value in was.items():
        if now.get(name) != value:
            yield f"{name.replace('_', ' ')} was {value!r} and is {now.get(name)!r}"


def settled(condition: Callable[[], Any], *, timeout: float, what: str) -> Any:
    """Wait for a condition; a service that refuses to answer meanwhile is asked again, for it may be starting."""
    from openstack.exceptions import HttpException

    return wait_for(condition, timeout=timeout, every=1, what=what, ignore=(HttpException,))


def absent(get: Callable[[], Any]) -> str:
    """What a service says of a thing that it does not have; empty if it has it."""
    from openstack.exceptions import NotFoundException

    try:
        return "" if get() is not None else "its service does not know it"
    except NotFoundException as error:
        return str(error).splitlines()[0]
