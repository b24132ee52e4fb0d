"""What differs between two runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_upgrade.history.account import Account

#: From the best to the worst; what is in none of them is not compared.
_ORDER = ("yes", "pass", "passed", "skipped", "not judged", "inconclusive", "no", "fail", "failed", "error")
#: A time is another one from this share, and from these seconds, on.
_SHARE, _SECONDS = 0.2, 2.0


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not the same; ``worse`` tells whether it was better in the first run."""

    what: str
    first: str
    second: str
    worse: bool = False

    def __str__(self) -> str:
        return f"{self.what}: {self.first} -> {self.second}{'  WORSE' if self.worse else ''}"


def differences(first: Account, second: Account) -> Iterator[Difference]:
    """All of them; times only tell, for they depend on what else a machine had to do, but outages count."""
    for name in ("cloud", "host", "region", "release_from", "release_to"):
        before, after = getattr(first.run, name), getattr(second.run, name)
        if before != after:
            yield Difference(name.replace("_", " "), before or "unknown", after or "unknown")
    if first.deployer != second.deployer:
        yield Difference("deployer", first.deployer or "none", second.deployer or "none")
    yield from _words("verdict", first.verdicts, second.verdicts)
    yield from _words("thing", first.things, second.things)
    yield from _words("test", first.tests, second.tests)
    yield from _times("step", first.steps, second.steps, counts=False)
    yield from _times("outage of", first.outages, second.outages, counts=True)


def _words(what: str, first: Mapping[Any, str], second: Mapping[Any, str]) -> Iterator[Difference]:
    for key in sorted({*first, *second}):
        before, after = first.get(key, "none"), second.get(key, "none")
        if before != after:
            worse = after in _ORDER and before in _ORDER and _ORDER.index(after) > _ORDER.index(before)
            # What had passed and is not there any more was lost.
            worse = worse or (after == "none" and before in ("pass", "passed", "yes"))
            yield Difference(f"{what} {' '.join(key)}", before, after, worse)


def _times(what: str, first: Mapping[str, float], second: Mapping[str, float], *, counts: bool) -> Iterator[Difference]:
    for name in sorted({*first} & {*second}):
        before, after = first[name], second[name]
        if abs(after - before) > max(_SECONDS, _SHARE * before):
            yield Difference(f"{what} {name}", f"{before:.1f} s", f"{after:.1f} s", worse=counts and after > before)
