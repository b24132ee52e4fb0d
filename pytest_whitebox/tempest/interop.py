"""What a run is to prove of a guideline, and what it has proven."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.setting import Settings
from pytest_whitebox.tempest import settings
from pytest_whitebox.tempest.guideline import STATUSES, Guideline, ProvingTest, load
from pytest_whitebox.tempest.test import name_of, uuid_of


@dataclass(frozen=True)
class Interop:
    """A guideline, a target of it, and the capabilities that are asked for; flagged tests only if ``flagged``."""

    guideline: Guideline
    target: str
    statuses: tuple[str, ...]
    flagged: bool

    @classmethod
    def from_settings(cls, given: Settings, folder: Path) -> Interop | None:
        """What the user asks for; raises `StackproofError` if there is no such guideline or target."""
        named, _ = settings.GUIDELINE.read(given)
        if not named:
            return None
        statuses, source = settings.STATUS.read(given)
        words = tuple(word.strip() for word in statuses.split(","))
        if wrong := [word for word in words if word not in STATUSES]:
            hint = f"choose from {', '.join(STATUSES)}"
            raise StackproofError(f"{source} has {wrong[0]!r}, which is no status of a capability", hint=hint)
        found = cls(load(named, folder), settings.TARGET.read(given)[0], words, settings.FLAGGED.read(given)[0])
        _ = found.capabilities
        return found

    @cached_property
    def capabilities(self) -> Mapping[str, tuple[ProvingTest, ...]]:
        """The capabilities that are asked for, with their tests."""
        known = self.guideline.capabilities(self.target, self.statuses)
        return {
            name: tuple(test for test in tests if self.flagged or not test.flagged) for name, tests in known.items()
        }

    @cached_property
    def _names(self) -> Mapping[str, frozenset[str]]:
        """The uuids that count under a name; an empty one stands for any."""
        found: dict[str, set[str]] = {}
        for test in self._tests():
            for name in test.names:
                found.setdefault(name, set()).add(test.uuid)
        return {name: frozenset(uuids) for name, uuids in found.items()}

    def takes(self, id: str) -> bool:
        """True if a test proves a capability: by its name, or one it had, and by its uuid."""
        uuids = self._names.get(name_of(id), frozenset())
        return "" in uuids or uuid_of(id) in uuids

    def lacking(self, ids: Iterable[str]) -> list[str]:
        """The tests that are not there under any of their names, in order."""
        there = {name_of(id) for id in ids if self.takes(id)}
        return sorted({test.name for test in self._tests() if not there & set(test.names)})

    def judged(self, outcomes: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
        """Each capability with ``met``, ``failed`` or ``not run``, and why it is not met; outcomes are by full name.

        A capability without a test that counts is met by nothing and failed by nothing.
        """
        for capability, tests in self.capabilities.items():
            said = {test.name: self._outcome(test, outcomes) for test in tests}
            failed = sorted(name for name, word in said.items() if word == "failed")
            rest = sorted(name for name, word in said.items() if word not in ("passed", "failed"))
            if failed:
                yield capability, "failed", f"by {', '.join(failed)}"
            elif rest or not said:
                yield (
                    capability,
                    "not run",
                    f"{len(rest)} of {len(said)} tests, the first {rest[0]}" if rest else "no test",
                )
            else:
                yield capability, "met", ""

    def _outcome(self, test: ProvingTest, outcomes: Mapping[str, str]) -> str:
        """One that ran under several names has passed if it passed under one, as Refstack counts it."""
        words = {outcomes.get(name, "") for name in test.names}
        return next((word for word in ("passed", "failed", "skipped") if word in words), "")

    def _tests(self) -> Iterator[ProvingTest]:
        yield from (test for tests in self.capabilities.values() for test in tests)
