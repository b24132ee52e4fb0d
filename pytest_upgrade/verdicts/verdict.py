"""A verdict: its word, the rule that gave it, what it rests on, and how fine it could see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Word(StrEnum):
    """What can be said of a service and a tag."""

    PASS = "pass"  # noqa: S105 -- a word
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"

    @property
    def code(self) -> int:
        """The exit code of the command line.

        >>> [word.code for word in Word]
        [0, 1, 2]
        """
        return list(Word).index(self)


@dataclass(frozen=True, slots=True, repr=False)
class Finding:
    """What one rule has found: of a lane, or of the whole; ``at`` is a time since 1970, 0 if it has none."""

    rule: str
    word: Word
    text: str
    lane: str = ""
    at: float = 0.0
    until: float = 0.0
    steps: tuple[str, ...] = ()

    def __str__(self) -> str:
        steps = f" during {', '.join(self.steps)}" if self.steps else ""
        return f"{self.rule}: {f'{self.lane}: ' if self.lane else ''}{self.text}{steps}"

    def __repr__(self) -> str:
        """As a failed assertion shows it."""
        return f"<{self}>"


@dataclass(frozen=True, slots=True)
class ServiceVerdict:
    """Of a service and a tag; a failure outweighs what could not be judged, which outweighs what is well."""

    service: str
    tag: str
    word: Word
    resolution: str
    findings: tuple[Finding, ...]

    @property
    def reason(self) -> str:
        """The first finding that made it what it is; of a pass its resolution."""
        deciding = [finding for finding in self.findings if finding.word is self.word]
        return self.resolution if self.word is Word.PASS or not deciding else str(deciding[0])

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps of the upgrade in which it went wrong."""
        found = (step for one in self.findings if one.word is not Word.PASS for step in one.steps)
        return tuple(dict.fromkeys(found))

    def __str__(self) -> str:
        return f"{self.service} {self.tag}: {self.word.upper()}: {self.reason}"

    def to_json(self) -> dict[str, Any]:
        """As ``judge --json`` writes it."""
        return {**asdict(self), "reason": self.reason, "steps": list(self.steps)}


def worst(words: Iterable[Word]) -> Word:
    """The word for several: any failure is one; nothing at all could not be judged.

    >>> worst([Word.PASS, Word.INCONCLUSIVE]).value, worst([Word.INCONCLUSIVE, Word.FAIL]).value, worst([]).value
    ('inconclusive', 'fail', 'inconclusive')
    """
    found = set(words)
    if Word.FAIL in found:
        return Word.FAIL
    return Word.PASS if found == {Word.PASS} else Word.INCONCLUSIVE
