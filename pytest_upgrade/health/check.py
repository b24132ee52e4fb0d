"""The system health validator: all signs that this user can have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pytest_upgrade.health import api, hosts
from pytest_upgrade.health.sign import Sign
from pytest_whitebox.core.errors import StackproofError

if TYPE_CHECKING:
    from pytest_whitebox.cloud import Cloud


def signs(cloud: Cloud) -> Iterator[Sign]:
    """From the APIs as any user; from the hosts where they can be reached."""
    yield from api.signs(cloud.connection)
    try:
        yield from hosts.signs(cloud.hosts)
    except StackproofError as error:
        yield Sign("hosts", "look", None, f"is not possible: {error}")
