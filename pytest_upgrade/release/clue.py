"""Clues to a service's release, and the verdict on them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

from pytest_upgrade.release.table import MASTER

#: The source of clues to what services find in their databases, which is migrated before or after their code.
SCHEMA = "schema"


@dataclass(frozen=True, slots=True)
class Clue:
    """What one source says of a service, and the releases of which that is true.

    ``host`` is empty for what is told by the API. No release at all is a contradiction in itself: code that is
    installed, and a process that has begun before.
    """

    service: str
    source: str
    said: str
    releases: frozenset[str]
    host: str = ""

    def __str__(self) -> str:
        where = f" on {self.host}" if self.host else ""
        return f"{self.source}{where} says {self.said}: {_some(self.releases)}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What all clues to a service have in common.

    >>> one = Clue("compute", "API", "2.100", frozenset({"2025.1", "2025.2"}))
    >>> two = Clue("compute", "package", "nova 31.3.1", frozenset({"2025.1"}), "compute1")
    >>> Verdict.on("compute", [one]).sentence()
    'compute is inconclusive: 2025.1 or 2025.2'
    >>> Verdict.on("compute", [one, two]).sentence()
    'compute is 2025.1'
    >>> Verdict.on("compute", [one, two]).ok("2025.2"), Verdict.on("compute", [one]).ok("2025.2")
    (False, None)
    """

    service: str
    releases: frozenset[str]
    clues: tuple[Clue, ...]

    @classmethod
    def on(cls, service: str, clues: Iterable[Clue]) -> Verdict:
        """The releases that all clues agree on."""
        own = tuple(clue for clue in clues if clue.service == service)
        common = reduce(frozenset.__and__, (clue.releases for clue in own)) if own else frozenset()
        return cls(service, common, own)

    @property
    def contradicts(self) -> bool:
        """True if there are clues, and no release of which all are true."""
        return bool(self.clues) and not self.releases

    def ok(self, expected: str = "") -> bool | None:
        """True for the one release that was expected, or for any one; None if it cannot be told."""
        if self.contradicts or (expected and self.clues and expected not in self.releases):
            return False
        return True if len(self.releases) == 1 else None

    def sentence(self, expected: str = "") -> str:
        """The verdict in words; of a contradiction who says what."""
        wrong = f", and {expected} was expected" if self.ok(expected) is False and expected else ""
        if not self.clues:
            return f"{self.service} is unknown: nobody tells"
        if self.contradicts:
            return f"{self.service} contradicts itself{wrong}: {'; '.join(map(str, _odd(self.clues)))}"
        if len(self.releases) > 1 and not wrong:
            return f"{self.service} is inconclusive: {_some(self.releases)}"
        return f"{self.service} is {_some(self.releases)}{wrong}"


def _odd(clues: tuple[Clue, ...]) -> list[Clue]:
    """Those that do not go together: one of each answer, the narrowest first."""
    ordered = sorted(clues, key=lambda clue: (len(clue.releases), clue.host, clue.source))
    narrow = [clue for clue in ordered if len(clue.releases) <= 1] or ordered
    seen: dict[tuple[str, frozenset[str]], Clue] = {}
    for clue in narrow:
        seen.setdefault((clue.host, clue.releases), clue)
    return list(seen.values())


def _some(releases: frozenset[str]) -> str:
    names = sorted(releases, key=lambda name: (name[:1].isdigit() or name == MASTER, name))
    if len(names) > 3:
        return f"{names[0]} to {names[-1]}"
    return " or ".join(names) or "no release"
