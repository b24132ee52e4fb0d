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


@dataclass(frozen=True, slots=True)
class Judged:
    """What a run has proven of a capability: of its ``tests`` those ``failed``, and those that did not run."""

    capability: str
    status: str
    tests: int
    failed: tuple[str, ...] = ()
    not_run: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """One of `VERDICTS`; one without a test that counts is met by nothing and failed by nothing."""
        return "failed" if self.failed else "not run" if self.not_run or not self.tests else "met"

    @property
    def why(self) -> str:
        """Why it is not met, nothing if it is.

        >>> Judged("images", "required", 3, not_run=("t.A.one", "t.A.two")).why
        '2 of 3 tests, the first t.A.one'
        """
        if self.failed:
            return f"by {', '.join(self.failed)}"
        if self.not_run:
            return f"{len(self.not_run)} of {self.tests} tests, the first {self.not_run[0]}"
        return "" if self.tests else "no test"


VERDICTS = ("failed", "not run", "met")


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

    @cached_property
    def _by_uuid(self) -> Mapping[str, str]:
        return {test.uuid: test.name for test in self._tests() if test.uuid}

    def proven(self, id: str, *, own: bool) -> str:
        """The name under which a test counts, nothing if it proves nothing.

        A test of ``own`` suites, which nobody has moved or inherited, counts by its uuid alone.
        """
        return name_of(id) if self.takes(id) else self._by_uuid.get(uuid_of(id), "") if own else ""

    def lacking(self, ids: Iterable[str]) -> list[str]:
        """The tests that are not there under any of their names, in order."""
        there = {name_of(id) for id in ids if self.takes(id)}
        return sorted({test.name for test in self._tests() if not there & set(test.names)})

    def judged(self, outcomes: Mapping[str, str]) -> Iterator[Judged]:
        """What the outcomes, by full name, have proven of each capability."""
        of_target = self.guideline.targets[self.target]
        for capability, tests in self.capabilities.items():
            said = {test.name: self._outcome(test, outcomes) for test in tests}
            failed = sorted(name for name, word in said.items() if word == "failed")
            rest = sorted(name for name, word in said.items() if word not in ("passed", "failed"))
            status = next(word for word in self.statuses if capability in of_target.get(word, ()))
            yield Judged(capability, status, len(said), tuple(failed), tuple(rest))

    def _outcome(self, test: ProvingTest, outcomes: Mapping[str, str]) -> str:
        """One that ran under several names has passed if it passed under one, as Refstack counts it."""
        words = {outcomes.get(name, "") for name in test.names}
        return next((word for word in ("passed", "failed", "skipped") if word in words), "")

    def _tests(self) -> Iterator[ProvingTest]:
        yield from (test for tests in self.capabilities.values() for test in tests)
