"""What the databases tell: the version that each service of Nova has written into its row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pytest_upgrade.release import table
from pytest_upgrade.release.clue import Clue

if TYPE_CHECKING:
    from pytest_whitebox.core.databases import Databases

#: A service that has not reported for a day is one that was taken away and left its row.
_SERVICES = """
    SELECT host, `binary` AS name, version FROM services
    WHERE deleted = 0 AND updated_at > UTC_TIMESTAMP() - INTERVAL 1 DAY
"""


def clues(databases: Databases) -> Iterator[Clue]:
    """A clue for each service of Nova that reports."""
    seen = {(str(row.host), str(row.name), int(row.version)) for row in databases("nova").rows(_SERVICES)}
    for host, name, version in sorted(seen):
        yield Clue("compute", f"row of {name}", f"version {version}", table.of_service_version(version), host)
