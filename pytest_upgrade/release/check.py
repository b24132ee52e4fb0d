"""The release version validator: all clues that this user can have, and the verdict on each service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from pytest_upgrade.release import api, process, rows
from pytest_upgrade.release.clue import Clue, Verdict
from pytest_whitebox.core.errors import StackproofError

if TYPE_CHECKING:
    from pytest_whitebox.cloud import Cloud


def clues(cloud: Cloud) -> Iterator[Clue]:
    """From the APIs as any user; from databases and processes where the hosts can be reached."""
    yield from api.clues(cloud.connection)
    with suppress(StackproofError):
        yield from rows.clues(cloud.databases)
    with suppress(StackproofError):
        yield from process.clues(cloud.hosts)


def verdicts(cloud: Cloud, services: frozenset[str] = frozenset()) -> tuple[Verdict, ...]:
    """The verdict on each service of the catalog that is known here, or on those that were named."""
    found = tuple(clues(cloud))
    known = [service for service, *_ in process.SERVICES if cloud.connection.has_service(service)]
    wanted = [service for service in known if not services or service in services]
    return tuple(Verdict.on(service, found) for service in wanted)
