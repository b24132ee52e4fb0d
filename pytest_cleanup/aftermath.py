"""What a run left in the cloud, what was done about it, and how that ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pytest_cleanup.attribution.act import Act
from pytest_cleanup.beneath import Beneath
from pytest_cleanup.leak import Leak
from pytest_cleanup.resource import Key, Resource
from pytest_cleanup.restore import Restoration


@dataclass(frozen=True, slots=True)
class Aftermath:
    """``leaks`` are ours, ``others`` are not, or are kept, and why; ``changes`` are lines about attributes.

    ``plan`` is the order in which leaks would go, ``folders`` are those of their evidence, ``reports`` the bug reports.
    ``beneath`` is what is left behind the APIs, ``unseen`` where that could not be looked at.
    ``problem`` tells why nothing could be said or done; ``refused`` that it was not begun.
    """

    mode: str
    leaks: tuple[Leak, ...] = ()
    others: tuple[tuple[Resource, str], ...] = ()
    changes: tuple[str, ...] = ()
    lost: tuple[Resource, ...] = ()
    unknown: Mapping[str, str] = field(default_factory=dict)
    plan: tuple[str, ...] = ()
    folders: Mapping[Key, Path] = field(default_factory=dict)
    reports: tuple[Path, ...] = ()
    beneath: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    done: Restoration | None = None
    problem: str = ""
    refused: bool = False

    def after(self, done: Restoration) -> Aftermath:
        """The same, once it was done."""
        return replace(self, done=done)

    def beside(self, beneath: Beneath, acts: Sequence[Act]) -> Aftermath:
        """The same, with what was found behind the APIs."""
        return replace(self, beneath=tuple(beneath.lines(acts)), unseen=beneath.unseen)

    @property
    def verdict(self) -> str:
        """How it ended, in one line."""
        count = _things(len(self.leaks))
        if self.problem:
            return self.problem
        if self.done is not None:
            done, of = self.done, _things(self.done.tried)
            spent = f"in {done.seconds:.1f} s with {done.calls} requests"
            return f"{len(done.deleted)} of {of} removed {spent}; {done.proof}"
        tests = len({leak.attribution.nodeid for leak in self.leaks if leak.attribution})
        by = f" by {tests} test{'' if tests == 1 else 's'}" if tests else ""
        return f"{count} left{by}" if self.leaks else "nothing is left"

    @property
    def exit_code(self) -> int:
        """What pytest ends with if its tests have passed: 0, 1 if the cloud is not as it was, 4 if refused."""
        if self.problem:
            return 4 if self.refused else 3
        return 0 if self.done is None or self.done.equal else 1

    def as_json(self) -> dict[str, Any]:
        """All of it, as JSON's types."""
        folders = {key: str(path) for key, path in self.folders.items()}
        leaks = [{**leak.as_json(), "evidence": folders.get(leak.resource.key)} for leak in self.leaks]
        return {
            "mode": self.mode, "verdict": self.verdict, "leaks": leaks,
            "kept": [{**one.as_json(), "why": why} for one, why in self.others], "changes": list(self.changes),
            "lost": [one.as_json() for one in self.lost], "not listed": dict(self.unknown), "plan": list(self.plan),
            "behind the APIs": list(self.beneath), "not looked behind": list(self.unseen),
            "done": self.done.as_json() if self.done else None, "reports": list(map(str, self.reports)),
        }  # fmt: skip


def _things(count: int) -> str:
    return f"{count} thing{'' if count == 1 else 's'}"
