"""Evidence that a phase takes of the cloud, written down for later, and judged."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from pytest_upgrade.persistent.errors import Inconclusive
from pytest_upgrade.release.clue import SCHEMA
from pytest_upgrade.store.values import Evidence, HealthSign
from pytest_whitebox.core.errors import StackproofError

if TYPE_CHECKING:
    from pytest_upgrade.health.sign import Sign
    from pytest_upgrade.release.clue import Verdict
    from pytest_upgrade.store import Store
    from pytest_whitebox.cloud import Cloud


class WrongRelease(StackproofError):
    """A service is not, or not everywhere, at the release that it should be at."""


@dataclass(frozen=True)
class Releases:
    """``release("compute")`` is the release of a service; raises `WrongRelease`, or `Inconclusive`."""

    verdicts: tuple[Verdict, ...]
    expected: str

    @classmethod
    def look(cls, cloud: Cloud, store: Store, run: str, phase: str, expected: str) -> Releases:
        """Take all clues and write them down."""
        from pytest_upgrade.release import check

        verdicts, at = check.verdicts(cloud), time.time()
        for clue in (clue for verdict in verdicts for clue in verdict.clues):
            row = Evidence(phase, clue.service, clue.host, clue.source, clue.said, sorted(clue.releases), at)
            store.evidence.add(run, row)
        return cls(verdicts, expected)

    def __call__(self, service: str) -> str:
        """The one release that all clues agree on, which is the one that was expected."""
        found = next((verdict for verdict in self.verdicts if verdict.service == service), None)
        ok = found.ok(self.expected) if found else None
        said = found.sentence(self.expected) if found else f"{service} is not in the catalog"
        if ok is False:
            raise WrongRelease(said, hint="restart what runs old code, or upgrade what was left out")
        if ok is None or found is None:
            raise Inconclusive(said, hint="let an administrator reach the hosts: the processes are the evidence")
        (release,) = found.releases
        return release

    def between(self, service: str, releases: frozenset[str]) -> frozenset[str]:
        """The releases that its processes are at now, in the middle of an upgrade between some, if those are known.

        Raises `WrongRelease` for a part that is at none of them or runs code that was replaced beneath it, and
        `Inconclusive` if nothing tells of a part.
        """
        clues = [clue for verdict in self.verdicts if verdict.service == service for clue in verdict.clues]
        wrong = [clue for clue in clues if not clue.releases or (releases and not clue.releases & releases)]
        if wrong:
            raise WrongRelease(f"{service} is between the releases: {wrong[0]}", hint="see what was upgraded there")
        sure = (clue for clue in clues if clue.source != SCHEMA and len(clue.releases) == 1)
        found = frozenset(release for clue in sure for release in clue.releases)
        if not found:
            raise Inconclusive(f"nothing tells which releases {service} is at", hint="let an administrator look")
        return found


def _at(row: Evidence) -> float:
    return row.at


@dataclass(frozen=True)
class Windows:
    """``window("compute")`` is a look during the upgrade that found a service at several releases at once."""

    rows: tuple[Evidence, ...]

    @classmethod
    def of(cls, store: Store, run: str) -> Windows:
        """What was seen during the upgrade."""
        return cls(tuple(store.evidence.of(run, phase="during")))

    def __call__(self, service: str) -> frozenset[str]:
        """The releases that were at work at once; raises `Inconclusive` if nobody saw more than one."""
        own = sorted((row for row in self.rows if row.service == service and row.source != SCHEMA), key=_at)
        for _, look in groupby(own, key=_at):
            found = frozenset(row.releases[0] for row in look if len(row.releases) == 1)
            if len(found) > 1:
                return found
        raise Inconclusive(
            f"no look during the upgrade has found {service} at two releases at once, so it was not seen to roll",
            hint="upgrade it in a rolling manner, with a pause between the releases",
        )


@dataclass(frozen=True)
class Health:
    """``health("compute")`` are the signs of a service that is not well."""

    signs: tuple[Sign, ...]

    @classmethod
    def look(cls, cloud: Cloud, store: Store, run: str, phase: str) -> Health:
        """Take all signs and write them down."""
        from pytest_upgrade.health import check

        signs = tuple(check.signs(cloud))
        for sign in signs:
            store.signs.add(run, HealthSign(phase, sign.service, sign.host, sign.check, sign.ok, sign.said))
        return cls(signs)

    def __call__(self, service: str) -> tuple[str, ...]:
        """What is not well, in words; raises `Inconclusive` if nothing is known of the service."""
        own = [sign for sign in self.signs if sign.service == service and sign.ok is not None]
        if not own:
            raise Inconclusive(f"nothing tells how {service} is", hint="see that the catalog has it")
        return tuple(str(sign) for sign in own if not sign.ok)
