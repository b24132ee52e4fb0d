"""The addresses of a name, asked for anew each time, because a user's new connection does so too."""

from __future__ import annotations

import asyncio
import ipaddress
import socket

from pytest_upgrade.observers.connection import Address, RequestFailed
from pytest_upgrade.observers.lane import Lane
from pytest_upgrade.observers.result import Result


async def addresses(lane: Lane, turn: int) -> list[Address]:
    """All addresses to connect to, each turn beginning with the next; raises `RequestFailed`."""
    try:
        ipaddress.ip_address(lane.host)
        return [(lane.host, lane.port)]
    except ValueError:
        pass
    try:
        async with asyncio.timeout(lane.connect_timeout):
            found = await asyncio.get_running_loop().getaddrinfo(lane.host, lane.port, type=socket.SOCK_STREAM)
    except TimeoutError:
        raise RequestFailed(Result.DNS, f"no address in {lane.connect_timeout:g} s") from None
    except OSError as error:
        raise RequestFailed(Result.DNS, error.strerror or str(error)) from None
    known = list(dict.fromkeys((str(entry[4][0]), lane.port) for entry in found))
    first = turn % len(known)
    return known[first:] + known[:first]
