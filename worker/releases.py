"""The releases of Tempest that a job may ask for, each with the libraries of its own time.

An old Tempest beside today's libraries installs and lists no test, so nothing that is newer than its own day and a
month is put beside it. The days are those on which the package index got the release.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

_MONTH = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Release:
    """A release, the day of its upload, the Python that it takes, and what it needs and does not say.

    >>> RELEASES["41.0.0"].newest, RELEASES["30.0.0"].beside
    ('2024-10-25', ('setuptools<70',))
    """

    version: str
    uploaded: date
    python: str
    beside: tuple[str, ...] = ()

    @property
    def newest(self) -> str:
        """The day up to which its libraries may be."""
        return (self.uploaded + _MONTH).isoformat()


_DAYS = """
30.0.0 2022-03-10, 30.1.0 2022-04-11, 31.0.0 2022-06-02, 31.1.0 2022-06-30, 32.0.0 2022-09-16, 33.0.0 2022-12-08,
34.0.0 2023-02-28, 34.1.0 2023-03-20, 34.2.0 2023-05-06, 35.0.0 2023-06-09, 36.0.0 2023-09-27, 37.0.0 2024-02-19,
38.0.0 2024-03-29, 39.0.0 2024-05-23, 40.0.0 2024-09-09, 41.0.0 2024-09-25, 42.0.0 2024-12-16, 43.0.0 2025-03-21,
44.0.0 2025-06-21, 45.0.0 2025-09-11, 46.0.0 2025-11-13, 46.1.0 2026-02-25, 46.1.1 2026-02-26, 46.2.0 2026-03-23,
46.3.0 2026-05-12, 47.0.0 2026-09-09
"""


def _releases() -> Iterator[tuple[str, Release]]:
    for version, day in re.findall(r"([\d.]+) (\d{4}-\d\d-\d\d)", _DAYS):
        # The C extensions of those days build on Python 3.11 and on none that is newer.
        python = "3.11" if int(version.partition(".")[0]) < 42 else ""
        beside = ("setuptools<70",) if int(version.partition(".")[0]) < 32 else ()
        yield version, Release(version, date.fromisoformat(day), python, beside)


#: The allow-list, the oldest first.
RELEASES: Mapping[str, Release] = dict(_releases())
#: The day up to which libraries may be that are of no Tempest's time: that of the newest release.
LATEST = max(release.newest for release in RELEASES.values())
